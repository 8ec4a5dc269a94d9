package main

// The hub of the tutorials: one goroutine owns all tables and is told everything by channels, so
// that nothing needs a lock.
type hub struct {
	register   chan *client
	unregister chan *client
	publish    chan publication

	everybody map[*client]bool
	users     map[string]map[*client]bool
	rooms     map[string]map[*client]bool
}

// One request of the backend.
type publication struct {
	receivers func() map[*client]bool // Called by the hub's goroutine.
	text      []byte
	sent      chan int // How many clients it was queued for.
}

func newHub() *hub {
	return &hub{
		register:   make(chan *client),
		unregister: make(chan *client),
		publish:    make(chan publication),
		everybody:  make(map[*client]bool),
		users:      make(map[string]map[*client]bool),
		rooms:      make(map[string]map[*client]bool),
	}
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.add(c)
		case c := <-h.unregister:
			h.remove(c)
		case p := <-h.publish:
			p.sent <- h.send(p.receivers(), p.text)
		}
	}
}

func (h *hub) add(c *client) {
	h.everybody[c] = true
	addTo(h.users, c.uid, c)
	addTo(h.rooms, c.room, c)
}

// Also when it was removed before, because its queue was full.
func (h *hub) remove(c *client) {
	if !h.everybody[c] {
		return
	}
	delete(h.everybody, c)
	removeFrom(h.users, c.uid, c)
	removeFrom(h.rooms, c.room, c)
	close(c.send)
}

func (h *hub) send(receivers map[*client]bool, text []byte) int {
	sent := 0
	for c := range receivers {
		select {
		case c.send <- text:
			sent++
		default: // It does not keep up.
			h.remove(c)
		}
	}
	return sent
}

func addTo(table map[string]map[*client]bool, name string, c *client) {
	if name == "" {
		return
	}
	if table[name] == nil {
		table[name] = make(map[*client]bool)
	}
	table[name][c] = true
}

func removeFrom(table map[string]map[*client]bool, name string, c *client) {
	delete(table[name], c)
	if len(table[name]) == 0 {
		delete(table, name)
	}
}
