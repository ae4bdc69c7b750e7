package main

import (
	"container/heap"
	"errors"
	"sync"
	"syscall"
	"time"
)

// A socket is what the poller calls when the kernel has something for it, or when its deadline has passed.
type socket interface {
	ready(events uint32)
	expired()
}

// A poller holds sockets: one goroutine, one epoll set, one heap of deadlines. What it calls needs no
// lock, and a socket costs a few hundred bytes where a goroutine would cost kilobytes: thousands linger in a session,
// and a flood of half-open connections is just that many entries.
type poller struct {
	epoll     int
	pipe      [2]int // wakes the poller from other goroutines
	watches   []*watch
	deadlines deadlineHeap
	serial    int32
	stopping  bool

	// rest is a pause after each round that had events. In a listener it lets the next ones gather: without it every
	// single segment wakes the process, at a cost that halves what two cores can do.
	rest time.Duration

	mu     sync.Mutex
	posted []func()
	shut   bool
}

type watch struct {
	fd       int
	serial   int32
	socket   socket
	deadline time.Time
	place    int // in the heap; -1 without deadline
}

func newPoller() (*poller, error) {
	p := &poller{}
	var err error
	if p.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if err = syscall.Pipe2(p.pipe[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		return nil, err
	}
	return p, p.watch(p.pipe[0], syscall.EPOLLIN, time.Time{}, wakeup{p})
}

// watch calls the socket on events, and once when the deadline passes. A zero deadline never does.
func (p *poller) watch(fd int, events uint32, deadline time.Time, s socket) error {
	p.serial++
	event := syscall.EpollEvent{Events: events, Fd: int32(fd), Pad: p.serial}
	if err := syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return err
	}
	for fd >= len(p.watches) {
		p.watches = append(p.watches, nil)
	}
	w := &watch{fd: fd, serial: p.serial, socket: s, deadline: deadline, place: -1}
	p.watches[fd] = w
	if !deadline.IsZero() {
		heap.Push(&p.deadlines, w)
	}
	return nil
}

func (p *poller) rewatch(fd int, events uint32) error {
	event := syscall.EpollEvent{Events: events, Fd: int32(fd), Pad: p.watches[fd].serial}
	return syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_MOD, fd, &event)
}

// close forgets a socket, watched or not, and closes it.
func (p *poller) close(fd int) {
	if fd < len(p.watches) && p.watches[fd] != nil {
		if w := p.watches[fd]; w.place >= 0 {
			heap.Remove(&p.deadlines, w.place)
		}
		p.watches[fd] = nil
	}
	syscall.Close(fd)
}

// nearest is the socket whose deadline comes first.
func (p *poller) nearest() (s socket, ok bool) {
	if len(p.deadlines) == 0 {
		return nil, false
	}
	return p.deadlines[0].socket, true
}

// sockets are all that are watched.
func (p *poller) sockets() (all []socket) {
	for _, w := range p.watches {
		if w != nil {
			all = append(all, w.socket)
		}
	}
	return all
}

// run calls turn before each wait; turn says when it wants to be called again at the latest, zero for never.
func (p *poller) run(turn func() time.Time) error {
	events := make([]syscall.EpollEvent, 1024)
	for !p.stopping {
		next := turn()
		due := time.Now()
		n, err := syscall.EpollWait(p.epoll, events, p.patience(due, next))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		for i := 0; i < n; i++ {
			// Within one round a descriptor may have been closed and given out again: the serial tells.
			if w := p.watches[events[i].Fd]; w != nil && w.serial == events[i].Pad {
				w.socket.ready(events[i].Events)
			}
		}
		// Only what was due before the sockets were looked at: an answer that came in time counts, however late we look.
		p.expire(due)
		p.runPosted()
		if n > 0 && p.rest > 0 {
			pause := syscall.NsecToTimespec(p.rest.Nanoseconds())
			syscall.Nanosleep(&pause, nil) // time.Sleep would take several times as long
		}
	}
	return nil
}

func (p *poller) patience(now, next time.Time) (ms int) {
	if len(p.deadlines) > 0 && (next.IsZero() || p.deadlines[0].deadline.Before(next)) {
		next = p.deadlines[0].deadline
	}
	if next.IsZero() {
		return -1
	}
	wait := next.Sub(now)
	if wait <= 0 {
		return 0
	}
	return int((wait + time.Millisecond - 1) / time.Millisecond)
}

func (p *poller) expire(due time.Time) {
	for len(p.deadlines) > 0 && !p.deadlines[0].deadline.After(due) {
		heap.Pop(&p.deadlines).(*watch).socket.expired()
	}
}

// post has the poller's goroutine run f after the sockets that are ready by now. After shutdown it does nothing.
func (p *poller) post(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	p.posted = append(p.posted, f)
	if len(p.posted) == 1 {
		syscall.Write(p.pipe[1], []byte{0})
	}
}

func (p *poller) runPosted() {
	p.mu.Lock()
	posted := p.posted
	p.posted = nil
	p.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

// stop ends run; it belongs to the poller's goroutine, as everything here but post.
func (p *poller) stop() { p.stopping = true }

// shutdown closes all sockets.
func (p *poller) shutdown() {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	for _, w := range p.watches {
		if w != nil {
			syscall.Close(w.fd)
		}
	}
	syscall.Close(p.pipe[1])
	syscall.Close(p.epoll)
}

type wakeup struct{ p *poller }

func (w wakeup) ready(uint32) {
	var drop [64]byte
	syscall.Read(w.p.pipe[0], drop[:])
}

func (w wakeup) expired() {}

type deadlineHeap []*watch

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].deadline.Before(h[j].deadline) }
func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *deadlineHeap) Push(x any) {
	w := x.(*watch)
	w.place = len(*h)
	*h = append(*h, w)
}

func (h *deadlineHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.place = -1
	return w
}
