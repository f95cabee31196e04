/* The yardstick of the benchmarks: the least a server on epoll can do for a request.
 *
 *   echo_server PORT REPLY_BYTES
 *
 * One thread, edge-triggered epoll. A request is an 8-byte header (version, kind, body size as a
 * 48-bit big-endian number) and its body; each is answered by the same REPLY_BYTES bytes: a header,
 * a message header with result code 0, zeros. One recv and one send per request when a connection
 * has one request in flight, as strace shows.
 *
 * This file is frozen: ratios of different days can be compared only while the divisor stays the
 * same.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 8, MESSAGE_HEADER = 22, INPUT = 16384, EVENTS = 256, REPLY_MAX = 1 << 20 };

struct connection {
  int fd;
  size_t have;
  unsigned char input[INPUT];
};

static unsigned char reply[REPLY_MAX];
static size_t reply_size;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void make_reply(size_t size) {
  const size_t body = size - HEADER;
  reply[0] = 2;
  reply[1] = 3;
  for (int i = 0; i < 6; ++i) reply[2 + i] = (unsigned char)(body >> (8 * (5 - i)));
  reply[HEADER] = MESSAGE_HEADER;
  reply[HEADER + 9] = 1; /* generation */
  reply_size = size;
}

static size_t body_size(const unsigned char* header) {
  size_t size = 0;
  for (int i = 2; i < HEADER; ++i) size = (size << 8) | header[i];
  return size;
}

/* False when the connection is to be closed: an oversized request, or a client that does not read.
 */
static int answer(struct connection* c) {
  size_t at = 0;
  while (c->have - at >= HEADER) {
    const size_t size = HEADER + body_size(c->input + at);
    if (size > INPUT) return 0;
    if (c->have - at < size) break;
    at += size;
    if (send(c->fd, reply, reply_size, MSG_NOSIGNAL) != (ssize_t)reply_size) return 0;
  }
  c->have -= at;
  if (c->have != 0) memmove(c->input, c->input + at, c->have);
  return 1;
}

static int serve(struct connection* c) {
  for (;;) {
    const size_t room = INPUT - c->have;
    const ssize_t got = recv(c->fd, c->input + c->have, room, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return 0;
    c->have += (size_t)got;
    if (!answer(c)) return 0;
    if ((size_t)got < room)
      return 1; /* A short read: the socket was empty, the next bytes bring an event. */
  }
}

static int listen_on(uint16_t port) {
  const int one = 1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr*)&at, sizeof at) != 0) die("bind");
  if (listen(fd, 1024) != 0) die("listen");
  return fd;
}

static void accept_all(int poll, int listener) {
  const int one = 1;
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection* c = malloc(sizeof *c);
    if (c == NULL) die("malloc");
    c->fd = fd;
    c->have = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted) != 0) die("epoll_ctl");
  }
}

int main(int argc, char** argv) {
  const long port = argc == 3 ? atol(argv[1]) : 0;
  const long size = argc == 3 ? atol(argv[2]) : 0;
  if (port < 1 || port > UINT16_MAX || size < HEADER + MESSAGE_HEADER || size > REPLY_MAX) {
    fprintf(stderr, "usage: echo_server PORT REPLY_BYTES (%d to %d)\n", HEADER + MESSAGE_HEADER,
            REPLY_MAX);
    return 2;
  }
  make_reply((size_t)size);
  const int listener = listen_on((uint16_t)port);
  const int poll = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
  if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted) != 0) die("epoll");
  for (;;) {
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(poll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; ++i) {
      struct connection* c = events[i].data.ptr;
      if (c == NULL) {
        accept_all(poll, listener);
      } else if (!serve(c)) {
        close(c->fd);
        free(c);
      }
    }
  }
}
