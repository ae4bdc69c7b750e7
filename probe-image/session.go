package main

import (
	"bufio"
	"container/list"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const openPatience = 30 * time.Second // for the first line

// session carries out commands. Three goroutines share the work: one reads stdin, one writes stdout, and the poller's
// owns the sockets and everything about probes.
type session struct {
	control string
	out     *output
	poller  *poller
	done    chan struct{} // closed when the poller has stopped

	ending sync.Once
	reason error

	// The reader's.
	serve *serveClient // nil before open
	life  *time.Timer  // ends the session unless lines come

	// The poller's.
	key         *runKey
	maxSockets  int
	maxInFlight int
	batches     []*batch // those with waiting probes
	waiting     int
	inFlight    int
	lingering   list.List // of dial, the longest-lingering first
	late        int       // late results of this phase
	scratch     message
}

func runSession(stdin io.Reader, stdout io.Writer, control string) error {
	p, err := newPoller()
	if err != nil {
		return err
	}
	s := &session{control: control, poller: p, done: make(chan struct{})}
	s.maxSockets, s.maxInFlight = socketLimits(openFiles())
	s.out = newOutput(func() { p.post(func() {}) })
	s.life = time.AfterFunc(openPatience, func() { s.end(errSilent) })
	go func() { s.end(s.obeyLines(stdin)) }()
	go func() {
		if err := s.out.writeTo(stdout); err != nil {
			s.end(err)
		}
	}()
	err = p.run(s.beginSome)
	close(s.done)
	s.finish()
	p.shutdown()
	if err != nil {
		return err
	}
	return s.reason
}

// end stops the session; the first reason counts, and nil is an orderly end.
func (s *session) end(reason error) {
	s.ending.Do(func() {
		s.poller.post(func() {
			s.reason = reason
			s.poller.stop()
		})
	})
}

func (s *session) finish() {
	s.cancel()
	var last line = &byeLine{header: of("bye")}
	if s.reason != nil {
		last = &errorLine{header: of("error"), Message: s.reason.Error()}
	}
	s.out.finish(last)
}

var (
	errSilent         = errors.New("Cannot go on: no line came for too long")
	errDeadline       = errors.New("Cannot go on: the deadline has passed")
	errNotOpen        = errors.New(`Cannot obey: "open" comes first, once`)
	errBye            = errors.New("bye")
	errTooManyWaiting = fmt.Errorf("Cannot take the batch: more than %d probes would wait", maxWaiting)
)

// obeyLines returns nil when stdin ends or says bye.
func (s *session) obeyLines(stdin io.Reader) error {
	lines := bufio.NewScanner(stdin)
	lines.Buffer(make([]byte, 0, 16<<10), maxLine+1)
	lines.Split(splitLines)
	silence := openPatience
	for lines.Scan() {
		// The clock runs only while the session waits for a line, not while it or its reader is busy.
		s.life.Stop()
		s.out.waitForRoom()
		c, err := parseCommand(lines.Bytes())
		if err == nil {
			err = s.obey(c)
		}
		if errors.Is(err, errBye) {
			return nil
		}
		if err != nil {
			return err
		}
		if c.Type == "open" {
			silence = 3 * time.Duration(c.HeartbeatMs) * time.Millisecond
		}
		s.life.Reset(silence)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("Cannot read the line: longer than %d bytes", maxLine)
	}
	return nil
}

func (s *session) obey(c command) error {
	if (c.Type == "open") != (s.serve == nil) {
		return errNotOpen
	}
	switch c.Type {
	case "open":
		return s.open(c)
	case "ping":
		s.out.put(&pongLine{of("pong"), c.ID, toEpochMs(time.Now())})
	case "receipts":
		found, err := s.serve.receipts(c.Nonces, epochMs(c.HealthSince))
		if err != nil {
			return err
		}
		s.out.put(&receiptsLine{of("receipts"), c.ID, *found})
	case "batch":
		s.poller.post(func() { s.addBatch(c) })
	case "end-phase":
		s.poller.post(func() { s.endPhase(c.ID) })
	case "bye":
		return errBye
	}
	return nil
}

func (s *session) open(c command) error {
	time.AfterFunc(time.Duration(c.DeadlineMs)*time.Millisecond, func() { s.end(errDeadline) })
	serve, self, err := joinServe(s.control, c.Key, controlPatience)
	if err != nil {
		return err
	}
	addresses, err := ownAddresses()
	if err != nil {
		return err
	}
	s.serve = serve
	s.poller.post(func() { s.key = newRunKey(c.Key) })
	s.out.put(&helloLine{
		header: of("hello"), Protocol: 1, Version: version, MaxInFlight: s.maxInFlight,
		identity: *self, Addresses: addresses, At: toEpochMs(time.Now()),
	})
	go s.beat(time.Duration(c.HeartbeatMs) * time.Millisecond)
	return nil
}

func (s *session) beat(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			if !s.out.isFull() {
				s.out.put(&heartbeatLine{of("heartbeat"), toEpochMs(time.Now())})
			}
		}
	}
}
