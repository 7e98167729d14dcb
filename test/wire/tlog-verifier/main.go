// Verifies checkpoints and proofs of OpenTrail with code that Go's own checksum database is verified with: golang.org/x/mod/sumdb/note
// and tlog. Of the files' formats only the lines are read here.
//
//	tlog-verifier note KEY NOTE                    prints origin, size and root
//	tlog-verifier record KEY PROOF RECORD-HASH     the record with this SHA-256 (hex) is in the log
//	tlog-verifier tree KEY PROOF OLD-NOTE          the log has only grown since
//
// KEY, NOTE and PROOF are files. Exit code 1, with what is wrong: it does not verify.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "note":
		err = printNote(args[1], args[2])
	case len(args) == 4 && args[0] == "record":
		err = checkRecord(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "tree":
		err = checkTree(args[1], args[2], args[3])
	default:
		err = fmt.Errorf("unknown arguments")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func printNote(key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, err := open(key, text)
	if err != nil {
		return err
	}
	fmt.Printf("%s %d %s\n", head.origin, head.size, head.root)
	return nil
}

func checkRecord(key, path, recordHash string) error {
	lines, head, err := readProof(key, path)
	if err != nil {
		return err
	}
	if len(lines) == 0 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("another header")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return fmt.Errorf("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	record, err := hex.DecodeString(recordHash)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(tlog.RecordProof(hashes), head.size, head.root, index, tlog.RecordHash(record))
}

func checkTree(key, path, oldPath string) error {
	lines, head, err := readProof(key, path)
	if err != nil {
		return err
	}
	oldText, err := os.ReadFile(oldPath)
	if err != nil {
		return err
	}
	old, err := open(key, oldText)
	if err != nil {
		return err
	}
	if len(lines) == 0 || lines[0] != fmt.Sprintf("old %d", old.size) || old.origin != head.origin {
		return fmt.Errorf("a proof for another log")
	}
	hashes, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	return tlog.CheckTree(tlog.TreeProof(hashes), head.size, head.root, old.size, old.root)
}

// readProof divides a file into the lines before the empty one and the checkpoint after it.
func readProof(key, path string) ([]string, checkpoint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, checkpoint{}, err
	}
	before, after, found := strings.Cut(string(text), "\n\n")
	if !found {
		return nil, checkpoint{}, fmt.Errorf("no checkpoint")
	}
	head, err := open(key, []byte(after))
	return strings.Split(before, "\n"), head, err
}

func open(keyPath string, text []byte) (checkpoint, error) {
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return checkpoint{}, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return checkpoint{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return checkpoint{}, fmt.Errorf("not three lines of the log of this key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return checkpoint{lines[0], size, root}, err
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := []tlog.Hash{}
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
