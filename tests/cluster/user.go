package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

// user is an official client at work, with its default policies. Any number of goroutines may call.
type user interface {
	put(set string, number int, version int64) ending
	get(set string, number int) (found, ending)
	remove(set string, number int) ending
	add(set string, number int) ending
	close()
}

// ending is how a call ended: its outcome, and the error when there was one.
type ending struct {
	outcome
	code string
	text string
}

func (e ending) failed() bool { return e.code != "" }

// found is a record that a user read; `whole` unless it is not what one write left.
type found struct {
	version int64 // `absent`: there is none.
	whole   bool
}

// newUser of the language that the run is to have.
func (t *test) newUser(c *cluster, client *as.Client) user {
	if t.language == "go" {
		return goUser{client}
	}
	return startWorker(t, c)
}

type goUser struct{ client *as.Client }

func (u goUser) close() {}

func (u goUser) put(set string, number int, version int64) ending {
	return endingOf(u.client.Put(nil, keyOf(set, number), as.BinMap{"v": version, "p": payload(number, version)}))
}

func (u goUser) get(set string, number int) (found, ending) {
	record, err := u.client.Get(nil, keyOf(set, number))
	if err != nil && err.Matches(types.KEY_NOT_FOUND_ERROR) {
		return found{absent, true}, ending{}
	}
	if err != nil {
		return found{}, endingOf(err)
	}
	return foundIn(number, record), ending{}
}

func (u goUser) remove(set string, number int) ending {
	_, err := u.client.Delete(nil, keyOf(set, number))
	return endingOf(err)
}

func (u goUser) add(set string, number int) ending {
	return endingOf(u.client.Add(nil, keyOf(set, number), as.BinMap{"n": 1}))
}

// foundIn a record; nil: it was not there.
func foundIn(number int, record *as.Record) found {
	if record == nil {
		return found{absent, true}
	}
	v, ok := record.Bins["v"].(int)
	p, _ := record.Bins["p"].(string)
	return found{int64(v), ok && p == payload(number, int64(v))}
}

func endingOf(err as.Error) ending {
	if err == nil {
		return ending{outcome: done}
	}
	return ending{endOf(err), codeOf(err), fmt.Sprintf("%.160s", strings.ReplaceAll(err.Error(), "\n", " "))}
}

// worker is a program in another language that carries out one line after the other with its official client, several at a
// time:
//
//	<id> put <set> <number> <version> <payload>      bins v and p
//	<id> get|remove <set> <number>
//	<id> add <set> <number>                          1 to bin n
//
// and answers each, in any order:
//
//	<id> done | none | found <v> <p>
//	<id> doubt|refused <code> <text>
//
// It says "ready" first, and ends with its input.
type worker struct {
	command *exec.Cmd
	input   io.WriteCloser

	sync.Mutex
	last    int
	waiting map[int]chan string
	gone    bool
}

// programs of users/ by language, as ./dev cluster builds them.
func (t *test) workerCommand() []string {
	root := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(t.tool)))) // Of build/release/bin/flotilla.
	switch t.language {
	case "python":
		return []string{filepath.Join(root, "build/clients/venv/bin/python"), filepath.Join(root, "tests/cluster/users/user.py")}
	case "java":
		return []string{"java", "-cp", filepath.Join(root, "build/clients/cluster-java/classes") + ":" +
			filepath.Join(root, "build/clients/cluster-java/lib/*"), "User"}
	case "cpp":
		return []string{filepath.Join(filepath.Dir(t.tool), "cluster_user")}
	case "cpp-async":
		return []string{filepath.Join(filepath.Dir(t.tool), "cluster_user"), "--async"}
	}
	give("there is no user in '%s': go, python, java, cpp, cpp-async", t.language)
	return nil
}

func startWorker(t *test, c *cluster) *worker {
	var seeds []string
	for _, node := range c.nodes() {
		seeds = append(seeds, c.address(node, 0))
	}
	words := append(t.workerCommand(), namespace, strconv.Itoa(writers), strings.Join(seeds, ","))
	w := &worker{command: exec.Command(words[0], words[1:]...), waiting: map[int]chan string{}}
	log, err := os.Create(filepath.Join(t.home(), "user.log"))
	if err != nil {
		give("no log: %v", err)
	}
	defer log.Close()
	w.command.Stderr = log
	w.input, _ = w.command.StdinPipe()
	output, _ := w.command.StdoutPipe()
	if err := w.command.Start(); err != nil {
		give("the client in %s does not start: %v", t.language, err)
	}
	lines := bufio.NewScanner(output)
	if !lines.Scan() || lines.Text() != "ready" {
		w.close()
		give("the client in %s is not ready: %q, see %s", t.language, lines.Text(), log.Name())
	}
	go w.listen(lines)
	t.say("the client in %s is connected", t.language)
	return w
}

func (w *worker) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		number, answer, _ := strings.Cut(lines.Text(), " ")
		id, _ := strconv.Atoi(number)
		w.Lock()
		if waits := w.waiting[id]; waits != nil {
			waits <- answer
			delete(w.waiting, id)
		}
		w.Unlock()
	}
	w.Lock()
	defer w.Unlock()
	w.gone = true
	for _, waits := range w.waiting {
		waits <- "doubt gone the client has ended"
	}
	w.waiting = map[int]chan string{}
}

func (w *worker) close() {
	w.input.Close()
	kill := time.AfterFunc(10*time.Second, func() { w.command.Process.Kill() })
	w.command.Wait()
	kill.Stop()
}

func (w *worker) call(format string, args ...any) string {
	answer := make(chan string, 1)
	w.Lock()
	if w.gone {
		w.Unlock()
		time.Sleep(100 * time.Millisecond)
		return "refused gone the client has ended"
	}
	w.last++
	w.waiting[w.last] = answer
	_, err := fmt.Fprintf(w.input, "%d "+format+"\n", append([]any{w.last}, args...)...)
	if err != nil {
		w.gone = true
		delete(w.waiting, w.last)
		answer <- "doubt gone the client has ended"
	}
	w.Unlock()
	return <-answer
}

func endingOfAnswer(answer string) ending {
	words := strings.SplitN(answer, " ", 3)
	if len(words) < 3 || words[0] != "doubt" && words[0] != "refused" {
		return ending{outcome: done}
	}
	if words[0] == "doubt" {
		return ending{inDoubt, "code " + words[1] + " in doubt", words[2]}
	}
	return ending{refused, "code " + words[1], words[2]}
}

func (w *worker) put(set string, number int, version int64) ending {
	return endingOfAnswer(w.call("put %s %d %d %s", set, number, version, payload(number, version)))
}

func (w *worker) get(set string, number int) (found, ending) {
	answer := w.call("get %s %d", set, number)
	if answer == "none" {
		return found{absent, true}, ending{}
	}
	if words := strings.Split(answer, " "); len(words) == 3 && words[0] == "found" {
		version, err := strconv.ParseInt(words[1], 10, 64)
		return found{version, err == nil && words[2] == payload(number, version)}, ending{}
	}
	return found{}, endingOfAnswer(answer)
}

func (w *worker) remove(set string, number int) ending {
	return endingOfAnswer(w.call("remove %s %d", set, number))
}

func (w *worker) add(set string, number int) ending {
	return endingOfAnswer(w.call("add %s %d", set, number))
}
