package main

import (
	"container/list"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	beginBurst  = 64                   // probes begun before the sockets have their turn
	rateCatchUp = 5 * time.Millisecond // what a late turn may make good of a batch's rate
)

// A batch is what one command asked for. The probers share it, and count down together.
type batch struct {
	number     int64
	timeout    time.Duration
	probes     []probe
	unreported int32
}

// A share is what one prober has to do of a batch: every so many probes of it.
type share struct {
	*batch
	next     int // its next probe
	step     int
	interval time.Duration // from one beginning to the next; 0 without rate limit
	nextAt   time.Time
}

// split deals a batch out to a number of probers.
func split(c command, probers int, now time.Time) (shares []*share) {
	b := &batch{
		number: c.Batch, timeout: time.Duration(c.TimeoutMs) * time.Millisecond,
		probes: c.Probes, unreported: int32(len(c.Probes)),
	}
	for i := 0; i < probers; i++ {
		one := &share{batch: b, next: i, step: probers, nextAt: now}
		if c.RatePerSecond > 0 {
			one.interval = time.Duration(float64(probers) * float64(time.Second) / c.RatePerSecond)
			one.nextAt = now.Add(one.interval * time.Duration(i) / time.Duration(probers))
		}
		shares = append(shares, one)
	}
	return shares
}

func (s *share) isDone() bool { return s.next >= len(s.probes) }

// take gives the next probe, and moves on the time of the one after.
func (s *share) take(now time.Time) probe {
	p := s.probes[s.next]
	s.next += s.step
	if earliest := now.Add(-rateCatchUp); s.nextAt.Before(earliest) {
		s.nextAt = earliest
	}
	s.nextAt = s.nextAt.Add(s.interval)
	return p
}

// A prober begins probes and sees them through. Everything in it belongs to its poller's goroutine.
type prober struct {
	out         *output
	waiting     *int64 // of all probers: probes taken and not begun
	poller      *poller
	key         *runKey
	maxSockets  int
	maxInFlight int
	shares      []*share // with probes that have not begun
	inFlight    int
	lingering   list.List // of dial, the longest-lingering first
	late        int       // late results of this phase
	scratch     message
}

func (p *prober) add(s *share) {
	if !s.isDone() {
		p.shares = append(p.shares, s)
	}
}

// beginSome begins what may begin now, and says when to come again.
func (p *prober) beginSome() (again time.Time) {
	defer p.out.flush() // of the last round's results, and of those that came at once
	now := time.Now()
	room := p.room()
	for _, s := range p.shares {
		for ; room > 0 && !s.isDone() && !s.nextAt.After(now); room-- {
			p.begin(s.batch, s.take(now))
		}
		if !s.isDone() && (again.IsZero() || s.nextAt.Before(again)) {
			again = s.nextAt
		}
	}
	p.forgetDone()
	if room == 0 && p.room() == 0 {
		return time.Time{} // a result, or the writer, will bring the next turn
	}
	return again
}

// room is how many probes may begin before the sockets have their turn: none while stdout is behind, so that no
// more results can wait for it than there are sockets.
func (p *prober) room() int {
	if p.out.isFull() {
		return 0
	}
	return clamp(p.maxInFlight-p.inFlight, 0, beginBurst)
}

func (p *prober) begin(b *batch, one probe) {
	atomic.AddInt64(p.waiting, -1)
	p.inFlight++
	if p.inFlight+p.lingering.Len() > p.maxSockets && p.lingering.Len() > 0 {
		p.lingering.Front().Value.(dial).giveUp()
	}
	p.newDial(b, one).begin()
}

func (p *prober) forgetDone() {
	left := p.shares[:0]
	for _, s := range p.shares {
		if !s.isDone() {
			left = append(left, s)
		}
	}
	for i := len(left); i < len(p.shares); i++ {
		p.shares[i] = nil
	}
	p.shares = left
}

// endPhase gives up what lingers, and tells how many results of the phase were late.
func (p *prober) endPhase() (late int) {
	p.giveUpLingering()
	late, p.late = p.late, 0
	return late
}

func (p *prober) giveUpLingering() {
	for p.lingering.Len() > 0 {
		p.lingering.Front().Value.(dial).giveUp()
	}
}

// cancel gives every probe that has no result the one that is no evidence.
func (p *prober) cancel() {
	p.giveUpLingering()
	for _, d := range p.poller.sockets() {
		if d, ok := d.(dial); ok {
			d.cancel()
		}
	}
	for _, s := range p.shares {
		for now := time.Now(); !s.isDone(); p.inFlight++ {
			a := attempt{probe: s.take(now), prober: p, batch: s.batch, fd: -1, began: now}
			a.settle(failed, syscall.ECANCELED, nil)
		}
	}
}
