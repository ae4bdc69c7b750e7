package main

import (
	"errors"
	"io"
	"syscall"
	"time"
)

// streamDial connects, sends a request and waits for its answer: TCP, and SCTP in its one-to-one style.
type streamDial struct {
	attempt
	connected bool
	received  []byte // an answer that came in pieces
}

func (d *streamDial) begin() {
	d.began = time.Now()
	if err := d.open(); err != nil {
		d.settle(failed, err, nil)
		return
	}
	err := syscall.Connect(d.fd, d.destination())
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		d.cannotConnect(err, outcomeOf)
		return
	}
	// On a short path the connection stands already, and sending at once saves a round of the poller. Not with SCTP: it
	// takes data before it is connected.
	if d.Protocol == tcp && !d.Handshake {
		err = d.sendRequest()
	} else {
		err = syscall.EAGAIN
	}
	events := uint32(syscall.EPOLLIN)
	if errors.Is(err, syscall.EAGAIN) {
		events = syscall.EPOLLOUT
	} else if err != nil {
		d.cannotConnect(err, outcomeOfReply)
		return
	}
	if err := d.prober.poller.watch(d.fd, events, d.began.Add(d.batch.timeout), d); err != nil {
		d.settle(failed, err, nil)
	}
}

func (d *streamDial) ready(uint32) {
	if d.connected {
		d.read()
		return
	}
	if code, _ := syscall.GetsockoptInt(d.fd, syscall.SOL_SOCKET, syscall.SO_ERROR); code != 0 {
		d.cannotConnect(syscall.Errno(code), outcomeOfReply)
		return
	}
	if d.Handshake {
		d.connected = true
		d.settle(handshake, nil, nil)
		return
	}
	err := d.sendRequest()
	if err == nil {
		err = d.prober.poller.rewatch(d.fd, syscall.EPOLLIN)
	}
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		d.cannotConnect(err, outcomeOfReply)
	}
}

// cannotConnect settles an attempt to connect that ended in an error. A reset is one only for a connection that stood.
func (d *streamDial) cannotConnect(err error, read func(error) outcome) {
	if d.connected || isErrno(err, syscall.ECONNRESET, syscall.EPIPE) {
		d.settle(handshake, err, nil)
		return
	}
	d.settle(read(err), err, nil)
}

func (d *streamDial) sendRequest() error {
	d.prober.key.writeRequest(&d.prober.scratch, d.Nonce)
	err := send(d.fd, d.prober.scratch[:])
	d.connected = err == nil
	return err
}

func (d *streamDial) read() {
	whole, err := readWhole(d.fd, &d.received, &d.prober.scratch)
	if isErrno(err, syscall.EAGAIN, syscall.EINTR) {
		return
	}
	if from, ok := d.prober.key.readAnswer(whole, d.Nonce); err == nil && ok {
		d.settle(answered, nil, &from)
		return
	}
	if errors.Is(err, io.EOF) {
		err = nil // closed without an answer, which is no error of the kernel's
	}
	d.settle(handshake, err, nil)
}

func (d *streamDial) expired() {
	if d.connected {
		d.timeIsUp(d, handshake)
	} else {
		d.timeIsUp(d, timedOut)
	}
}

func (d *streamDial) giveUp() {
	if d.connected {
		d.settle(handshake, nil, nil)
	} else {
		d.settle(d.result, nil, nil)
	}
}
