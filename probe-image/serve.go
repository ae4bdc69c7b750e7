package main

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// server is the pod's process: it listens, answers requests of its run, and remembers what arrived. Everything in it
// belongs to the poller's goroutine.
type server struct {
	poller   *poller
	identity identity
	keyBytes []byte
	key      *runKey // nil until a session brings it
	receipts *receipts
	health   []epochMs
	calls    int
	sessions int
	files    int
	scratch  message // the answer that is about to leave
}

type serveOptions struct {
	ports    map[protocol][]int
	health   int
	uid      string
	control  string
	deadline time.Duration
}

func serve(o serveOptions) error {
	s, err := newServer(o)
	if err != nil {
		return err
	}
	defer s.poller.shutdown()
	if err := s.openControl(o.control); err != nil {
		return err
	}
	time.AfterFunc(o.deadline, func() { s.poller.post(s.poller.stop) })
	return s.poller.run(func() time.Time { return time.Time{} })
}

func newServer(o serveOptions) (*server, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	p.rest = time.Microsecond // and the kernel's timer slack, 50 µs
	s := &server{poller: p, receipts: newReceipts(maxReceipts), files: openFiles()}
	s.identity = identity{UID: o.uid, Listening: map[protocol][]int{}, NotListening: []notListening{}}
	if len(o.uid) > uidSize {
		s.identity.UID = o.uid[:uidSize]
	}
	if _, err := rand.Read(s.identity.Instance[:]); err != nil {
		return nil, err
	}
	for _, protocol := range []protocol{tcp, udp, sctp} {
		s.identity.Listening[protocol] = []int{}
		for _, port := range o.ports[protocol] {
			if err := s.listen(protocol, port, false); err != nil {
				s.cannotListen(protocol, port, err)
			} else {
				s.identity.Listening[protocol] = append(s.identity.Listening[protocol], port)
			}
		}
	}
	if o.health != 0 {
		if err := s.listen(tcp, o.health, true); err != nil {
			s.cannotListen(tcp, o.health, err)
		}
	}
	return s, nil
}

func (s *server) cannotListen(p protocol, port int, err error) {
	s.identity.NotListening = append(s.identity.NotListening, notListening{p, port, errnoName(err)})
}

// listen opens a port in every family that the kernel has: in all of them or, with an error, in none.
func (s *server) listen(p protocol, port int, health bool) error {
	var opened []int
	for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
		fd, err := s.bind(p, family, port)
		if isErrno(err, syscall.EAFNOSUPPORT) {
			continue
		}
		if err == nil {
			opened = append(opened, fd)
			err = s.poller.watch(fd, syscall.EPOLLIN, time.Time{}, s.listener(fd, family, p, port, health))
		}
		if err != nil {
			for _, fd := range opened {
				s.poller.close(fd)
			}
			return err
		}
	}
	if len(opened) == 0 {
		return syscall.EAFNOSUPPORT
	}
	return nil
}

func (s *server) listener(fd, family int, p protocol, port int, health bool) socket {
	switch {
	case health:
		return &healthListener{streamListener{s, fd, p, port}}
	case p == udp:
		return &datagramListener{s, fd, family, port}
	}
	return &streamListener{s, fd, p, port}
}

func (s *server) bind(p protocol, family, port int) (int, error) {
	fd, err := openSocket(p, family)
	if err != nil {
		return 0, err
	}
	if fd >= s.files-reservedForCalls {
		err = syscall.EMFILE
	} else {
		err = prepareListener(fd, p, family, port)
	}
	if err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

func prepareListener(fd int, p protocol, family, port int) error {
	if family == syscall.AF_INET6 { // IPv4 has a socket of its own
		if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 1); err != nil {
			return err
		}
	}
	setOptions := resetOnClose
	if p == udp {
		setOptions = func(fd int) error { return prepareDatagrams(fd, family) }
	}
	if err := setOptions(fd); err != nil {
		return err
	}
	if err := syscall.Bind(fd, toSockaddr(netip.AddrPortFrom(anyAddress(family), uint16(port)))); err != nil {
		return err
	}
	if p == udp {
		return nil
	}
	return syscall.Listen(fd, maxCalls)
}

// answer leaves the answer to a request in scratch. Before the key is known, and without its tag, there is none.
func (s *server) answer(request []byte, p protocol, port int, from netip.AddrPort) bool {
	if s.key == nil {
		return false
	}
	n, ok := s.key.readRequest(request)
	if !ok {
		return false
	}
	s.receipts.add(n, p, port, from, time.Now())
	s.key.writeAnswer(&s.scratch, answer{n, s.identity.Instance, s.identity.UID, from})
	return true
}

var errOtherRun = errors.New("Cannot join: this agent serves another run")

// join takes the key of the first session; later ones must bring the same.
func (s *server) join(key []byte) error {
	if s.key == nil {
		s.keyBytes, s.key = key, newRunKey(key)
	}
	if !hmac.Equal(s.keyBytes, key) {
		return errOtherRun
	}
	return nil
}

func (s *server) find(nonces []nonce, healthSince epochMs) findings {
	found := findings{Arrived: s.receipts.find(nonces), Health: []epochMs{}, Forgotten: s.receipts.forgotten()}
	for _, at := range s.health {
		if at >= healthSince {
			found.Health = append(found.Health, at)
		}
	}
	return found
}
