//! Cookie names that belong to somebody else.

/// Session cookies of applications, and affinity cookies that other proxies and platforms set by default, each with its owner. Case does
/// not count. If two writers set the same cookie on one host, they overwrite each other: logins break or sessions move
/// (kubernetes/ingress-nginx#2735, traefik/traefik#1574).
///
/// The comments name the source: a page of the owner's documentation, or a repository.
pub(super) const TAKEN: &[(&str, &str)] = &[
    // Jakarta Servlet specification, "Session Tracking Mechanisms".
    ("JSESSIONID", "Java servlet containers"),
    // PHP manual, "session.name".
    ("PHPSESSID", "PHP"),
    // expressjs/session, README, "name".
    ("connect.sid", "Express"),
    ("express.sid", "Express"),
    // .NET documentation, "sessionState Element", cookieName.
    ("ASP.NET_SessionId", "ASP.NET"),
    // dotnet/aspnetcore, SessionDefaults.cs.
    (".AspNetCore.Session", "ASP.NET Core"),
    // Django documentation, "Settings", SESSION_COOKIE_NAME and CSRF_COOKIE_NAME.
    ("sessionid", "Django"),
    ("csrftoken", "Django"),
    // Laravel documentation, "CSRF Protection"; Angular documentation, "Security".
    ("XSRF-TOKEN", "Angular and Laravel"),
    ("laravel_session", "Laravel"),
    // rails/rails, ActionDispatch::Session.
    ("_session_id", "Rails"),
    // CodeIgniter user guide, "Session Library".
    ("ci_session", "CodeIgniter"),
    // ColdFusion documentation, "Managing the client state".
    ("CFID", "ColdFusion"),
    ("CFTOKEN", "ColdFusion"),
    // spring-projects/spring-session, DefaultCookieSerializer.java.
    ("SESSION", "Spring Session"),
    // Flask documentation, "Configuration Handling", SESSION_COOKIE_NAME.
    ("session", "Flask"),
    // odoo/odoo, odoo/http.py.
    ("session_id", "Odoo"),
    // keycloak/keycloak, CookieType.java; the LEGACY names are those of versions before 25.
    ("AUTH_SESSION_ID", "Keycloak"),
    ("AUTH_SESSION_ID_LEGACY", "Keycloak"),
    ("KC_RESTART", "Keycloak"),
    ("KEYCLOAK_SESSION", "Keycloak"),
    ("KEYCLOAK_SESSION_LEGACY", "Keycloak"),
    ("KEYCLOAK_IDENTITY", "Keycloak"),
    ("KEYCLOAK_IDENTITY_LEGACY", "Keycloak"),
    // Grafana documentation, "Configure Grafana", login_cookie_name.
    ("grafana_session", "Grafana"),
    // oauth2-proxy documentation, "Configuration", cookie-name.
    ("_oauth2_proxy", "oauth2-proxy"),
    // This repository, core/src/cookie.rs and stickyctl/src/local/route.rs.
    ("StickyStr", "this app itself, where it issues the cookie"),
    ("sticky_local", "stickyctl up --local"),
    // The rest are those of proxies and platforms.
    // kubernetes/ingress-nginx, docs/user-guide/nginx-configuration/annotations.md, session-cookie-name.
    ("INGRESSCOOKIE", "every Ingress that names none"),
    // AWS documentation, "Sticky sessions for your Application Load Balancer".
    ("AWSALB", "Amazon's load balancer"),
    ("AWSALBCORS", "Amazon's load balancer"),
    ("AWSALBTG", "Amazon's load balancer"),
    ("AWSALBTGCORS", "Amazon's load balancer"),
    ("AWSALBAPP", "Amazon's load balancer"),
    // AWS documentation, "Configure sticky sessions for your Classic Load Balancer".
    ("AWSELB", "Amazon's load balancer"),
    ("AWSELBCORS", "Amazon's load balancer"),
    // Google Cloud documentation, "Backend services overview", generated cookie affinity.
    ("GCLB", "Google's load balancer"),
    ("GCILB", "Google's load balancer"),
    // Azure documentation, "Application Gateway HTTP settings configuration".
    ("ApplicationGatewayAffinity", "Azure Application Gateway"),
    ("ApplicationGatewayAffinityCORS", "Azure Application Gateway"),
    // Azure documentation, "Application Gateway for Containers session affinity overview".
    ("AGCAffinity", "Azure Application Gateway for Containers"),
    // Azure documentation, "Traffic routing methods to origin" of Front Door.
    ("ASLBSA", "Azure Front Door"),
    ("ASLBSACORS", "Azure Front Door"),
    // Azure documentation, "Configure an App Service app", session affinity.
    ("ARRAffinity", "Azure App Service"),
    ("ARRAffinitySameSite", "Azure App Service"),
    // Cloudflare documentation, "Session affinity" of Load Balancing.
    ("__cflb", "Cloudflare's load balancer"),
    // cloudfoundry/routing-release, docs/session-affinity.md, and cloudfoundry/routing-release#534.
    ("__VCAP_ID__", "Cloud Foundry"),
    ("__VCAP_ID_META__", "Cloud Foundry"),
    // Heroku Dev Center, "Session Affinity".
    ("heroku-session-affinity", "Heroku"),
    // Oracle Cloud documentation, "Session Persistence" of the load balancer.
    ("X-Oracle-BMC-LBS-Route", "Oracle's load balancer"),
    // Hetzner Cloud API, load balancers, cookie_name.
    ("HCLBSTICKY", "Hetzner's load balancer"),
    // digitalocean/doctl, --sticky-sessions.
    ("DO-LB", "DigitalOcean's load balancer"),
    // HAProxy configuration manual, "cookie"; Alibaba's load balancer uses the same name.
    ("SERVERID", "HAProxy's examples"),
    // Apache HTTP Server documentation, mod_proxy_balancer.
    ("ROUTEID", "Apache's examples"),
    // Phusion Passenger documentation, passenger_sticky_sessions_cookie_name.
    ("_passenger_route", "Passenger"),
];

/// The application whose session cookie has this name; those of proxies and of this project don't count. Case does not count.
pub(crate) fn by_application(name: &str) -> Option<&'static str> {
    let applications = TAKEN.iter().take_while(|(taken, _)| *taken != "StickyStr");
    applications.into_iter().find(|(taken, _)| taken.eq_ignore_ascii_case(name)).map(|(_, owner)| *owner)
}
