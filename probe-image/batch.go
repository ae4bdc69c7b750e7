package main

import (
	"syscall"
	"time"
)

const (
	beginBurst  = 64                   // probes begun before the sockets have their turn
	rateCatchUp = 5 * time.Millisecond // what a late turn may make good of a batch's rate
)

// batch holds the probes of one command that have not begun.
type batch struct {
	number     int64
	timeout    time.Duration
	interval   time.Duration // from one beginning to the next; 0 without rate limit
	next       time.Time
	waiting    []probe
	size       int
	unreported int
}

func newBatch(c command, now time.Time) *batch {
	b := &batch{number: c.Batch, waiting: c.Probes, size: len(c.Probes), unreported: len(c.Probes), next: now}
	b.timeout = time.Duration(c.TimeoutMs) * time.Millisecond
	if c.RatePerSecond > 0 {
		b.interval = time.Duration(float64(time.Second) / c.RatePerSecond)
	}
	return b
}

// reported counts a probe's first result; with the last one the batch ends.
func (b *batch) reported(s *session) {
	b.unreported--
	if b.unreported == 0 {
		s.out.queueUp(&batchEndLine{header: of("batch-end"), Batch: b.number, Results: b.size})
	}
}

// take gives the next probe, and moves on the time of the one after.
func (b *batch) take(now time.Time) probe {
	p := b.waiting[0]
	b.waiting = b.waiting[1:]
	if earliest := now.Add(-rateCatchUp); b.next.Before(earliest) {
		b.next = earliest
	}
	b.next = b.next.Add(b.interval)
	return p
}

func (s *session) addBatch(c command) {
	b := newBatch(c, time.Now())
	if b.size == 0 {
		s.out.queueUp(&batchEndLine{header: of("batch-end"), Batch: b.number})
		return
	}
	s.batches = append(s.batches, b)
	s.waiting += b.size
	if s.waiting > maxWaiting {
		s.end(errTooManyWaiting)
	}
}

// beginSome begins what may begin now, and says when to come again.
func (s *session) beginSome() (again time.Time) {
	defer s.out.flush() // of the last round's results, and of those that came at once
	now := time.Now()
	room := s.room()
	for _, b := range s.batches {
		for room > 0 && len(b.waiting) > 0 && !b.next.After(now) {
			s.begin(b, now)
			room--
		}
		if len(b.waiting) > 0 && (again.IsZero() || b.next.Before(again)) {
			again = b.next
		}
	}
	s.forgetBegun()
	if room == 0 && s.room() == 0 {
		return time.Time{} // a result, or the writer, will bring the next turn
	}
	return again
}

// room is how many probes may begin before the sockets have their turn: none while stdout is behind, so that no
// more results can wait for it than there are sockets.
func (s *session) room() int {
	if s.out.isFull() {
		return 0
	}
	return clamp(s.maxInFlight-s.inFlight, 0, beginBurst)
}

func (s *session) begin(b *batch, now time.Time) {
	p := b.take(now)
	s.waiting--
	s.inFlight++
	if s.inFlight+s.lingering.Len() > s.maxSockets && s.lingering.Len() > 0 {
		s.lingering.Front().Value.(dial).giveUp()
	}
	s.newDial(b, p).begin()
}

func (s *session) forgetBegun() {
	left := s.batches[:0]
	for _, b := range s.batches {
		if len(b.waiting) > 0 {
			left = append(left, b)
		}
	}
	for i := len(left); i < len(s.batches); i++ {
		s.batches[i] = nil
	}
	s.batches = left
}

func (s *session) endPhase(id int64) {
	s.giveUpLingering()
	s.out.queueUp(&phaseEndedLine{header: of("phase-ended"), ID: id, Late: s.late})
	s.late = 0
}

func (s *session) giveUpLingering() {
	for s.lingering.Len() > 0 {
		s.lingering.Front().Value.(dial).giveUp()
	}
}

// cancel gives every probe that has no result the one that is no evidence.
func (s *session) cancel() {
	s.giveUpLingering()
	for _, d := range s.poller.sockets() {
		if d, ok := d.(dial); ok {
			d.cancel()
		}
	}
	for _, b := range s.batches {
		for _, p := range b.waiting {
			s.inFlight++
			a := attempt{probe: p, session: s, batch: b, fd: -1, began: time.Now()}
			a.settle(failed, syscall.ECANCELED, nil)
		}
	}
}
