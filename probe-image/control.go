package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// The abstract Unix socket between the two roles. Its name belongs to the pod's network namespace, so it needs no
// file system. The session asks with its key first, then for receipts; each question has one reply, in JSON.

const (
	defaultControl  = "@netproof-probe"
	controlPatience = 20 * time.Second
)

type question struct {
	Key         hexKey  `json:"key,omitempty"`
	Nonces      []nonce `json:"nonces,omitempty"`
	HealthSince epochMs `json:"healthSince,omitempty"`
}

type reply struct {
	Error    string    `json:"error,omitempty"`
	Identity *identity `json:"identity,omitempty"`
	Findings *findings `json:"findings,omitempty"`
}

func controlSocket() (int, error) {
	return syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
}

// controlListener lets sessions in. Each has a goroutine, which leaves the replies to the poller's.
type controlListener struct {
	server *server
	fd     int
}

func (s *server) openControl(name string) error {
	fd, err := controlSocket()
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: name})
	}
	if err == nil {
		err = syscall.Listen(fd, maxSessions)
	}
	if err == nil {
		err = s.poller.watch(fd, syscall.EPOLLIN, time.Time{}, &controlListener{s, fd})
	}
	if err != nil {
		return fmt.Errorf("Cannot listen on %q: %w", name, err)
	}
	return nil
}

func (l *controlListener) expired() {}

func (l *controlListener) ready(uint32) {
	l.server.accept(l.fd, func(fd int, _ netip.AddrPort) {
		conn := os.NewFile(uintptr(fd), "session")
		if l.server.sessions == maxSessions {
			conn.Close()
			return
		}
		l.server.sessions++
		go func() {
			l.server.converse(conn)
			conn.Close()
			l.server.poller.post(func() { l.server.sessions-- })
		}()
	})
}

func (s *server) converse(conn *os.File) {
	questions, replies := json.NewDecoder(conn), json.NewEncoder(conn)
	joined := false
	for {
		var q question
		// A session may be silent for as long as it lives; it dies with the pod at the latest.
		if err := questions.Decode(&q); err != nil {
			return
		}
		replied := make(chan reply, 1)
		s.poller.post(func() { replied <- s.reply(q, &joined) })
		conn.SetWriteDeadline(time.Now().Add(controlPatience))
		if err := replies.Encode(<-replied); err != nil {
			return
		}
	}
}

func (s *server) reply(q question, joined *bool) reply {
	if q.Key != nil {
		if err := s.join(q.Key); err != nil {
			return reply{Error: err.Error()}
		}
		*joined = true
		return reply{Identity: &s.identity}
	}
	if !*joined {
		return reply{Error: "Cannot tell receipts: the key comes first"}
	}
	found := s.find(q.Nonces, q.HealthSince)
	return reply{Findings: &found}
}

// serveClient is the session's end of the control socket.
type serveClient struct {
	conn    *os.File
	replies *json.Decoder
}

// joinServe connects to the pod's serving process, which may be a moment behind the exec.
func joinServe(name string, key hexKey, patience time.Duration) (*serveClient, *identity, error) {
	conn, err := dialControl(name)
	for deadline := time.Now().Add(patience); err != nil; conn, err = dialControl(name) {
		if time.Now().After(deadline) || !isErrno(err, syscall.ECONNREFUSED, syscall.EAGAIN) {
			return nil, nil, fmt.Errorf("Cannot reach the serving process: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	c := &serveClient{conn, json.NewDecoder(conn)}
	r, err := c.ask(question{Key: key})
	if err == nil && r.Identity == nil {
		err = errors.New("Cannot join: the serving process did not say who it is")
	}
	return c, r.Identity, err
}

func dialControl(name string) (*os.File, error) {
	fd, err := controlSocket()
	if err != nil {
		return nil, err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: name}); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "serve"), nil
}

func (c *serveClient) receipts(nonces []nonce, healthSince epochMs) (*findings, error) {
	r, err := c.ask(question{Nonces: nonces, HealthSince: healthSince})
	if err == nil && r.Findings == nil {
		err = errors.New("Cannot tell receipts: the serving process gave none")
	}
	return r.Findings, err
}

func (c *serveClient) ask(q question) (r reply, err error) {
	c.conn.SetDeadline(time.Now().Add(controlPatience))
	if err = json.NewEncoder(c.conn).Encode(q); err == nil {
		err = c.replies.Decode(&r)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return r, fmt.Errorf("Cannot ask the serving process: %w", err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}
