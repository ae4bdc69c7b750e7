package main

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"
)

const (
	writeBurst     = 512             // lines written before their room is given back
	finishPatience = 2 * time.Second // at the end, for stdout to take something
	finishRounds   = 10              // of that patience at most
)

// output is the one writer of stdout. Lines are queued without waiting, so that a slow reader never holds up a socket;
// who could make many of them asks for room before.
type output struct {
	mu        sync.Mutex
	changed   *sync.Cond
	queue     []line
	unwritten int // in the queue and on the way
	closed    bool
	drained   chan struct{}
	onRoom    func() // called when a full queue has room again
}

func newOutput(onRoom func()) *output {
	o := &output{drained: make(chan struct{}), onRoom: onRoom}
	o.changed = sync.NewCond(&o.mu)
	return o
}

// put queues a line; after finish it drops it.
func (o *output) put(l line) {
	o.queueUp(l)
	o.flush()
}

// queueUp leaves waking the writer to a later flush: a system call for each line would cost more than the line.
func (o *output) queueUp(l line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.queue = append(o.queue, l)
	o.unwritten++
}

func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) > 0 {
		o.changed.Broadcast()
	}
}

func (o *output) isFull() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.unwritten >= maxUnwritten
}

func (o *output) waitForRoom() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.unwritten >= maxUnwritten && !o.closed {
		o.changed.Wait()
	}
}

// finish queues the last line and waits until all is written, or until nothing is taken any more.
func (o *output) finish(last line) {
	o.put(last)
	o.mu.Lock()
	o.closed = true
	o.changed.Broadcast()
	left := o.unwritten
	o.mu.Unlock()
	for i := 0; i < finishRounds; i++ {
		select {
		case <-o.drained:
			return
		case <-time.After(finishPatience):
		}
		o.mu.Lock()
		before := left
		left = o.unwritten
		o.mu.Unlock()
		if left == before {
			return
		}
	}
}

// writeTo numbers and writes lines until finish, or until nobody reads any more.
func (o *output) writeTo(w io.Writer) error {
	defer close(o.drained)
	buffer := bufio.NewWriterSize(w, 32<<10)
	encoder := json.NewEncoder(buffer)
	number := 0
	for lines := o.take(); len(lines) > 0; lines = o.take() {
		for _, l := range lines {
			number++
			l.stamp(number)
			if err := encoder.Encode(l); err != nil {
				return err
			}
		}
		if err := buffer.Flush(); err != nil {
			return err
		}
		o.wrote(len(lines))
	}
	return nil
}

func (o *output) take() []line {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.changed.Wait()
	}
	lines := o.queue
	if len(lines) > writeBurst {
		lines = lines[:writeBurst]
	}
	o.queue = o.queue[len(lines):]
	return lines
}

func (o *output) wrote(n int) {
	o.mu.Lock()
	wasFull := o.unwritten >= maxUnwritten
	o.unwritten -= n
	hasRoom := o.unwritten < maxUnwritten
	o.changed.Broadcast()
	o.mu.Unlock()
	if wasFull && hasRoom {
		o.onRoom()
	}
}
