// A push hub in Go on gorilla/websocket, in the shape of the tutorials: a hub goroutine, and two
// goroutines for each client. A yardstick for dunlin-bench, not part of Dunlin.
//
//	public    /ws?uid=123   push
//	          /room?name=X  whoever is connected gets what is published to X
//	          /echo         sends back what it gets
//	internal  POST /push {"uid","text"}, /broadcast {"text"}, /channel {"channel","text"};
//	          the answer says how many clients it was queued for: {"sent":1}
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

type request struct {
	UID     string `json:"uid"`
	Channel string `json:"channel"`
	Text    string `json:"text"`
}

func publicRoutes(h *hub) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		uid := r.URL.Query().Get("uid")
		if uid == "" {
			http.Error(w, "no uid", http.StatusBadRequest)
			return
		}
		serveClient(h, w, r, uid, "")
	})
	routes.HandleFunc("/room", func(w http.ResponseWriter, r *http.Request) {
		serveClient(h, w, r, "", r.URL.Query().Get("name"))
	})
	routes.HandleFunc("/echo", serveEcho)
	return routes
}

func apiRoutes(h *hub) http.Handler {
	routes := http.NewServeMux()
	route := func(path string, receivers func(request) map[*client]bool) {
		routes.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			var asked request
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			p := publication{
				receivers: func() map[*client]bool { return receivers(asked) },
				text:      []byte(asked.Text),
				sent:      make(chan int, 1),
			}
			h.publish <- p
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(map[string]int{"sent": <-p.sent})
		})
	}
	route("/push", func(r request) map[*client]bool { return h.users[r.UID] })
	route("/channel", func(r request) map[*client]bool { return h.rooms[r.Channel] })
	route("/broadcast", func(request) map[*client]bool { return h.everybody })
	return routes
}

// Whole or not at all: whoever waits for the file never reads half of it.
func writeReadyFile(path, public, api string) error {
	text := fmt.Sprintf("{\"pid\":%d,\"public\":%q,\"api\":%q}\n", os.Getpid(), public, api)
	if path == "" {
		fmt.Print(text)
		return nil
	}
	if err := os.WriteFile(path+".tmp", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

func main() {
	publicAddress := flag.String("listen", "127.0.0.1:0", "WebSocket address; port 0: any")
	apiAddress := flag.String("api", "127.0.0.1:0", "push address")
	readyFile := flag.String("ready-file", "", "written when it accepts; else to stdout")
	flag.Parse()

	public, err := net.Listen("tcp", *publicAddress)
	if err != nil {
		log.Fatal(err)
	}
	api, err := net.Listen("tcp", *apiAddress)
	if err != nil {
		log.Fatal(err)
	}
	h := newHub()
	go h.run()
	go func() { log.Fatal(http.Serve(api, apiRoutes(h))) }()
	if err := writeReadyFile(*readyFile, public.Addr().String(), api.Addr().String()); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(public, publicRoutes(h)))
}
