package main

import (
	"syscall"
	"time"
)

// datagramDial sends one datagram and waits for its answer.
type datagramDial struct{ attempt }

func (d *datagramDial) begin() {
	d.began = time.Now()
	if err := d.open(); err != nil {
		d.settle(failed, err, nil)
		return
	}
	// Without RECVERR the kernel keeps the softer ICMP errors, host unreachable among them, to itself.
	level, option := syscall.IPPROTO_IP, syscall.IP_RECVERR
	if d.Address.Is6() {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR
	}
	if err := syscall.SetsockoptInt(d.fd, level, option, 1); err != nil {
		d.settle(failed, err, nil)
		return
	}
	// Connected, so that ICMP errors find the socket and only the one asked can answer.
	if err := syscall.Connect(d.fd, d.destination()); err != nil {
		d.settle(outcomeOf(err), err, nil)
		return
	}
	d.prober.key.writeRequest(&d.prober.scratch, d.Nonce)
	if err := send(d.fd, d.prober.scratch[:]); err != nil {
		d.settle(outcomeOf(err), err, nil)
		return
	}
	if err := d.prober.poller.watch(d.fd, syscall.EPOLLIN, d.began.Add(d.batch.timeout), d); err != nil {
		d.settle(failed, err, nil)
	}
}

func (d *datagramDial) ready(uint32) {
	var buffer [messageSize + 1]byte // one more, so that a longer datagram is not taken for ours
	n, err := syscall.Read(d.fd, buffer[:])
	if isErrno(err, syscall.EAGAIN, syscall.EINTR) {
		return
	}
	if err != nil {
		d.settle(outcomeOfReply(err), err, nil)
		return
	}
	if from, ok := d.prober.key.readAnswer(buffer[:n], d.Nonce); ok {
		d.settle(answered, nil, &from)
	}
}

func (d *datagramDial) expired() { d.timeIsUp(d, timedOut) }
func (d *datagramDial) giveUp()  { d.settle(d.result, nil, nil) }
