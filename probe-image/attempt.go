package main

import (
	"container/list"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// An attempt is one probe on its way: in flight until it has its result. One that timed out lingers after that, until
// an answer comes late or the phase ends.
type attempt struct {
	probe
	prober *prober
	batch  *batch
	fd     int
	began  time.Time

	result outcome       // as reported; empty while in flight
	place  *list.Element // among the lingering; nil while in flight
}

// dial is what the protocols do differently.
type dial interface {
	socket
	begin()
	giveUp() // it lingers, and the phase has ended
	cancel() // it is in flight, and the session has ended
}

func (p *prober) newDial(b *batch, one probe) dial {
	a := attempt{probe: one, prober: p, batch: b, fd: -1}
	if one.Protocol == udp {
		return &datagramDial{a}
	}
	return &streamDial{attempt: a}
}

// open makes the socket and binds it to its source.
func (a *attempt) open() error {
	fd, err := openSocket(a.Protocol, familyOf(a.Address))
	if err != nil {
		return err
	}
	a.fd = fd
	if a.Protocol != udp {
		if err := resetOnClose(fd); err != nil {
			return err
		}
	}
	if a.SourcePort == 0 && a.SourceAddress.IsUnspecified() {
		return nil
	}
	// With it the same source port serves several destinations at once.
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return err
	}
	return syscall.Bind(fd, toSockaddr(netip.AddrPortFrom(a.SourceAddress, a.SourcePort)))
}

func (a *attempt) destination() syscall.Sockaddr {
	return toSockaddr(netip.AddrPortFrom(a.Address, a.Port))
}

// settle reports how the attempt went and closes its socket. Of a lingering one only news is reported: a silence that
// turns into another silence is none.
func (a *attempt) settle(o outcome, err error, from *answer) {
	if a.place == nil {
		a.report(o, err, from)
	} else {
		if o == answered || o == handshake && a.result == timedOut {
			a.report(o, err, from)
		}
		a.prober.lingering.Remove(a.place)
	}
	if a.fd >= 0 {
		a.prober.poller.close(a.fd)
	}
}

func (a *attempt) cancel() { a.settle(failed, syscall.ECANCELED, nil) }

// timeIsUp reports that no answer came in time, and leaves the socket open for a late one.
func (a *attempt) timeIsUp(d dial, o outcome) {
	a.report(o, nil, nil)
	a.place = a.prober.lingering.PushBack(d)
}

func (a *attempt) report(o outcome, err error, from *answer) {
	r := &resultLine{
		header: of("result"), Batch: a.batch.number, ID: a.ID, Outcome: o,
		At: toEpochMs(a.began), Ms: toMs(time.Since(a.began)), Errno: errnoName(err), Late: a.result != "",
	}
	if from != nil {
		r.Instance, r.UID, r.SeenAs = &from.instance, &from.uid, &from.seenAs
	}
	a.result = o
	a.prober.out.queueUp(r)
	if r.Late {
		a.prober.late++
		return
	}
	a.prober.inFlight--
	if atomic.AddInt32(&a.batch.unreported, -1) == 0 {
		a.prober.out.queueUp(endOf(a.batch))
	}
}

func endOf(b *batch) *batchEndLine {
	return &batchEndLine{header: of("batch-end"), Batch: b.number, Results: len(b.probes)}
}
