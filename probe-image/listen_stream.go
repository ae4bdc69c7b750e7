package main

import (
	"net/netip"
	"syscall"
	"time"
)

const (
	callPatience = 5 * time.Second // for a request to come, and for the caller to hang up after the answer
	acceptBurst  = 64              // connections taken before other sockets have their turn
)

// streamListener accepts connections: TCP, and SCTP in its one-to-one style.
type streamListener struct {
	server   *server
	fd       int
	protocol protocol
	port     int
}

func (l *streamListener) expired() {}

func (l *streamListener) ready(uint32) {
	l.accept(func(c *call) { c.ready(0) }) // under load the request is there already
}

func (l *streamListener) accept(take func(*call)) {
	l.server.accept(l.fd, func(fd int, from netip.AddrPort) {
		if l.server.calls == maxCalls {
			l.server.dropOldestCall()
		}
		l.server.calls++
		c := &call{server: l.server, listener: l, fd: fd, from: from}
		if err := l.server.poller.watch(fd, syscall.EPOLLIN, time.Now().Add(callPatience), c); err != nil {
			c.hangUp()
			return
		}
		take(c)
	})
}

// accept takes the connections that wait. Where descriptors have run out, the oldest call makes room for the newest.
func (s *server) accept(listener int, take func(fd int, from netip.AddrPort)) {
	for i := 0; i < acceptBurst; i++ {
		fd, from, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch {
		case err == nil:
			take(fd, fromSockaddr(from))
		case isErrno(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM):
			if !s.dropOldestCall() {
				time.Sleep(10 * time.Millisecond) // or the listener, still ready, would keep the processor busy
			}
			return
		case !isErrno(err, syscall.EINTR, syscall.ECONNABORTED):
			return // EAGAIN: nobody waits
		}
	}
}

func (s *server) dropOldestCall() bool {
	oldest, ok := s.poller.nearest() // only calls have deadlines here
	if ok {
		oldest.expired()
	}
	return ok
}

// A call is an accepted connection until it has its answer, and on until the caller hangs up: a reset sent together
// with the answer would overtake it where packets are lost.
type call struct {
	server   *server
	listener *streamListener
	fd       int
	from     netip.AddrPort
	received []byte // a request that came in pieces
	answered bool
}

func (c *call) expired() { c.hangUp() }

func (c *call) hangUp() {
	c.server.calls--
	c.server.poller.close(c.fd)
}

func (c *call) ready(uint32) {
	if c.answered {
		c.hangUp()
		return
	}
	request, err := readWhole(c.fd, &c.received, &c.server.scratch)
	if isErrno(err, syscall.EAGAIN, syscall.EINTR) {
		return
	}
	if err != nil || !c.server.answer(request, c.listener.protocol, c.listener.port, c.from) {
		c.hangUp()
		return
	}
	c.answered = true
	if err := send(c.fd, c.server.scratch[:]); err != nil {
		c.hangUp()
	}
}

// healthListener keeps the time of each connection: the kubelet's probes. It leaves hanging up to the caller, as a reset
// that comes at once makes a good part of them fail: connecting then ends in ECONNRESET.
type healthListener struct{ streamListener }

func (l *healthListener) ready(uint32) {
	l.accept(func(c *call) {
		c.answered = true
		l.server.health = append(l.server.health, toEpochMs(time.Now()))
		if len(l.server.health) > maxHealth {
			l.server.health = l.server.health[1:]
		}
	})
}
