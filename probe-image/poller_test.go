package main

import (
	"reflect"
	"syscall"
	"testing"
	"time"
)

// A toy is a socket that does what its test says.
type toy struct {
	onReady, onExpired func()
}

func (s *toy) ready(uint32) { s.onReady() }
func (s *toy) expired()     { s.onExpired() }

func never() time.Time { return time.Time{} }

func testPoller(t *testing.T) *poller {
	t.Helper()
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.shutdown)
	return p
}

// pair gives the two ends of a pipe; the first becomes readable when something is written to the second.
func pair(t *testing.T) (reader, writer int) {
	t.Helper()
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return ends[0], ends[1]
}

func TestDeadlinesPassInTheirOrder(t *testing.T) {
	p := testPoller(t)
	var order []int
	now := time.Now()
	for _, after := range []int{3, 1, 4, 2, 5} {
		after := after
		fd, _ := pair(t)
		p.watch(fd, syscall.EPOLLIN, now.Add(time.Duration(after)*time.Millisecond), &toy{onExpired: func() {
			order = append(order, after)
			if after == 2 { // closing takes a deadline away
				first, _ := p.nearest()
				first.expired()
				p.close(p.deadlines[0].fd)
			}
			if after == 5 {
				p.stop()
			}
		}})
	}
	p.run(never)
	if want := []int{1, 2, 3, 4, 5}; !reflect.DeepEqual(order, want) {
		t.Errorf("got %v", order)
	}
}

func TestAnEventIsNotTakenForTheDescriptorsNextOwner(t *testing.T) {
	p := testPoller(t)
	one, toOne := pair(t)
	two, toTwo := pair(t)
	silent, _ := pair(t)
	// Whichever comes first replaces the other, whose event is in the same round, by a socket that has none.
	replace := func(other int) func() {
		return func() {
			p.close(other)
			if fd, err := syscall.Dup(silent); err != nil || fd != other {
				t.Fatalf("descriptor %d instead of %d, %v", fd, other, err)
			}
			p.watch(other, syscall.EPOLLIN, time.Now().Add(20*time.Millisecond), &toy{
				onReady:   func() { t.Error("the new socket got the old one's event"); p.stop() },
				onExpired: p.stop,
			})
			p.rewatch(one+two-other, 0)
		}
	}
	p.watch(one, syscall.EPOLLIN, time.Time{}, &toy{onReady: replace(two)})
	p.watch(two, syscall.EPOLLIN, time.Time{}, &toy{onReady: replace(one)})
	syscall.Write(toOne, []byte{0})
	syscall.Write(toTwo, []byte{0})
	p.run(never)
}

func TestWhatCameInTimeCountsHoweverLateWeLook(t *testing.T) {
	p := testPoller(t)
	busy, toBusy := pair(t)
	asked, toAsked := pair(t)
	p.watch(busy, syscall.EPOLLIN, time.Time{}, &toy{onReady: func() {
		p.close(busy)
		time.Sleep(30 * time.Millisecond) // past the other's deadline, its answer lying there unseen
		syscall.Write(toAsked, []byte{0})
	}})
	p.watch(asked, syscall.EPOLLIN, time.Now().Add(10*time.Millisecond), &toy{
		onReady:   func() { p.close(asked); p.stop() },
		onExpired: func() { t.Error("expired"); p.stop() },
	})
	syscall.Write(toBusy, []byte{0})
	p.run(never)
}

func TestPostedFunctionsRunInTheirOrderAndNotAfterTheEnd(t *testing.T) {
	p := testPoller(t)
	sum := make(chan int, 1)
	go func() {
		n := 0
		for i := 1; i <= 1000; i++ {
			i := i
			p.post(func() { n = n*3%1009 + i })
		}
		p.post(func() { sum <- n; p.stop() })
	}()
	p.run(never)
	want := 0
	for i := 1; i <= 1000; i++ {
		want = want*3%1009 + i
	}
	if got := <-sum; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	p.shut = true // as shutdown does, before it gives the descriptors back
	p.post(func() { t.Error("it ran") })
	if len(p.posted) != 0 {
		t.Error("it waits")
	}
}

func TestTurnIsCalledWhenItAskedFor(t *testing.T) {
	p := testPoller(t)
	start, turns := time.Now(), 0
	p.run(func() time.Time {
		if turns++; turns == 3 {
			p.stop()
		}
		return start.Add(time.Duration(turns*10) * time.Millisecond)
	})
	if took := time.Since(start); took < 30*time.Millisecond || took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
