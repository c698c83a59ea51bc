# A plain static file server with an access log: it serves the files of a ConfigMap and knows nothing of pods or sessions.
use strict;
use IO::Socket::INET;

my $logs = ($ENV{ACCESS_LOG} // 'on') eq 'on';
$SIG{CHLD} = 'IGNORE';
# Pid 1 of a container ignores signals that it does not handle.
$SIG{TERM} = sub { exit 0 };
my $listener = IO::Socket::INET->new(LocalPort => 8080, Listen => 256, ReuseAddr => 1) or die "listen: $!";
while (1) {
    my $client = $listener->accept or next;
    if (fork) { close $client; next }
    while (defined(my $line = <$client>)) {
        my ($method, $target) = split ' ', $line;
        last unless defined $target;
        my $agent = '-';
        while (defined(my $header = <$client>)) {
            last if $header =~ /^\r?\n$/;
            $agent = $1 if $header =~ /^user-agent:\s*(.*?)\r?\n/i;
        }
        (my $path = $target) =~ s/\?.*//;
        my ($status, $body) = ('404 Not Found', "not found\n");
        if ($path !~ /\.\./ and open my $file, '<', '/files' . ($path =~ m{/$} ? "${path}index.html" : $path)) {
            local $/;
            ($status, $body) = ('200 OK', <$file>);
        }
        syswrite $client, "HTTP/1.1 $status\r\nContent-Type: text/html\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        syswrite STDOUT, "\"$method $target\" $status \"$agent\"\n" if $logs;
    }
    exit 0;
}
