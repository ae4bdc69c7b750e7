package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const openPatience = 30 * time.Second // for the first line

// session carries out commands: one goroutine reads stdin, one writes stdout, and the probers do what is asked.
type session struct {
	control string
	out     *output
	probers []*prober
	waiting int64         // probes taken and not begun
	done    chan struct{} // closed when the probers have stopped

	ending sync.Once
	reason error

	// The reader's.
	serve *serveClient // nil before open
	life  *time.Timer  // ends the session unless lines come
}

func runSession(stdin io.Reader, stdout io.Writer, control string) error {
	s := &session{control: control, done: make(chan struct{})}
	s.out = newOutput(s.wakeProbers)
	if err := s.makeProbers(); err != nil {
		return err
	}
	s.life = time.AfterFunc(openPatience, func() { s.end(errSilent) })
	go func() { s.end(s.obeyLines(stdin)) }()
	go func() {
		if err := s.out.writeTo(stdout); err != nil {
			s.end(err)
		}
	}()
	s.runProbers()
	close(s.done)
	s.finish()
	return s.reason
}

// makeProbers shares the limits out to as many probers as there are processors for, up to two: with one, connecting
// would keep one processor busy and leave the other half idle.
func (s *session) makeProbers() error {
	sockets, inFlight := socketLimits(openFiles())
	count := clamp(runtime.NumCPU(), 1, clamp(inFlight, 1, 2))
	for i := 0; i < count; i++ {
		poller, err := newPoller()
		if err != nil {
			return err
		}
		s.probers = append(s.probers, &prober{
			out: s.out, waiting: &s.waiting, poller: poller, maxSockets: sockets / count, maxInFlight: inFlight / count,
		})
	}
	return nil
}

func (s *session) runProbers() {
	var running sync.WaitGroup
	for _, p := range s.probers {
		running.Add(1)
		go func(p *prober) {
			defer running.Done()
			if err := p.poller.run(p.beginSome); err != nil {
				s.end(err)
			}
		}(p)
	}
	running.Wait()
}

// each has every prober do something in its own time.
func (s *session) each(do func(i int, p *prober)) {
	for i, p := range s.probers {
		i, p := i, p
		p.poller.post(func() { do(i, p) })
	}
}

func (s *session) wakeProbers() { s.each(func(int, *prober) {}) }

// end stops the session; the first reason counts, and nil is an orderly end.
func (s *session) end(reason error) {
	s.ending.Do(func() {
		s.reason = reason
		s.each(func(_ int, p *prober) { p.poller.stop() })
	})
}

func (s *session) finish() {
	for _, p := range s.probers {
		p.cancel()
		p.poller.shutdown()
	}
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
		return s.begin(c)
	case "end-phase":
		s.endPhase(c.ID)
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
	onLink, err := neighbourhoods()
	if err != nil {
		return err
	}
	s.serve = serve
	s.each(func(_ int, p *prober) { p.key = newRunKey(c.Key) })
	s.out.put(&helloLine{
		header: of("hello"), Protocol: 1, Version: version, MaxInFlight: s.probers[0].maxInFlight * len(s.probers),
		identity: *self, Addresses: addresses, OnLink: onLink, At: toEpochMs(time.Now()),
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

func (s *session) begin(c command) error {
	shares := split(c, len(s.probers), time.Now())
	if len(c.Probes) == 0 {
		s.out.put(endOf(shares[0].batch))
		return nil
	}
	if atomic.AddInt64(&s.waiting, int64(len(c.Probes))) > maxWaiting {
		return errTooManyWaiting
	}
	s.each(func(i int, p *prober) { p.add(shares[i]) })
	return nil
}

func (s *session) endPhase(id int64) {
	unfinished, late := int32(len(s.probers)), int64(0)
	s.each(func(_ int, p *prober) {
		atomic.AddInt64(&late, int64(p.endPhase()))
		if atomic.AddInt32(&unfinished, -1) == 0 {
			s.out.put(&phaseEndedLine{header: of("phase-ended"), ID: id, Late: int(late)})
		}
	})
}
