// The six buttons, in the order of the page.
//   out, back  how the message leaves and how its promised reply returns
//   cookie     whether the browser may send its cookies along
//   bus        whether the worker that gets it publishes it
//   route      where a POST goes; the client id is appended
export const ACTIONS = [
  {
    op: "http-rr", name: "HTTP & round robin", out: "http", back: "http", cookie: false, bus: false, route: "submit",
    why: "Sent without the cookie, so the front door takes the next pod in turn. The answer returns on the same connection, so any pod can give it.",
  },
  {
    op: "http-sticky", name: "HTTP & sticky", out: "http", back: "http", cookie: true, bus: false, route: "submit",
    why: "Sent with the cookie, so the front door keeps you on one pod. In 1x4 the cookie chooses the pod, never the worker inside it.",
  },
  {
    op: "ws", name: "WebSockets only", out: "ws", back: "ws", cookie: false, bus: false, route: null,
    why: "Goes down your open socket to the worker that holds it and back the same way. Nobody has to choose, so it always arrives.",
  },
  {
    op: "queue", name: "publish to the queue", out: "http", back: "ws", cookie: false, bus: true, route: "with-redis",
    why: "Sent without the cookie to any worker, which publishes it. The worker that holds your socket is subscribed and delivers it, so it arrives whoever was asked.",
  },
  {
    op: "mem-rr", name: "non-sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: false, bus: false, route: "without-redis",
    why: "Sent without the cookie. The worker that gets it can only write to sockets in its own memory. If yours is elsewhere, there is nothing to write to: a miss.",
  },
  {
    op: "mem-sticky", name: "sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: true, bus: false, route: "without-redis",
    why: "Sent with the cookie, so it reaches the pod that holds your socket. One worker a pod: it arrives every time. Four workers: right pod, often the wrong worker.",
  },
];

export const actionOf = op => ACTIONS.find(a => a.op === op);
