package periodic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/report"
)

// Kept is one file of a closed period.
type Kept struct {
	Name   string
	Period survey.Period
	Format report.Format
	Size   int64
	SHA256 string // hexadecimal
	Closed time.Time
}

// Store keeps the reports of closed periods in a folder: of each period what
// was filled in, and a file in each format. Files that were deleted or changed
// are made again from what was filled in, to the byte. Its methods may be called
// from several goroutines.
type Store struct {
	dir    string
	filler *Filler
	log    *slog.Logger

	making sync.Mutex // one at a time
	mu     sync.Mutex // of known
	known  map[survey.Period]*filled
}

// filled is what the store keeps of a period beside the files.
type filled struct {
	Language string
	Report   *report.Report
	Files    []Kept
}

// OpenStore keeps reports in a folder, made where it is missing. What it cannot
// read there is made again.
func OpenStore(dir string, f *Filler, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	s := &Store{dir: dir, filler: f, log: log, known: map[survey.Period]*filled{}}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	for _, name := range names {
		k, err := read(name)
		if err != nil {
			log.Warn("a kept report is made again", "file", name, "error", err)
			continue
		}
		k.Report.Language = f.language(k.Language)
		s.known[k.Report.Period] = k
	}
	return s, nil
}

func read(name string) (*filled, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	k := &filled{}
	if err := json.Unmarshal(data, k); err != nil {
		return nil, err
	}
	if k.Report == nil || len(k.Files) == 0 {
		return nil, errors.New("it is empty")
	}
	return k, nil
}

// List gives what is kept, the latest period first.
func (s *Store) List() []Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Closing
	for p, k := range s.known {
		all = append(all, Closing{p, k.Report.Closed})
	}
	var files []Kept
	for _, c := range order(all) {
		files = append(files, s.known[c.Month].Files...)
	}
	return files
}

// File gives the bytes of a kept file; CodeNotFound where there is none of that
// name. A file that is missing or was changed is made again.
func (s *Store) File(name string) (Kept, []byte, error) {
	for _, k := range s.List() {
		if k.Name != name {
			continue
		}
		data, err := s.readFile(k)
		if err == nil {
			return k, data, nil
		}
		s.log.Warn("a kept report is made again", "file", name, "error", err)
		s.making.Lock()
		defer s.making.Unlock()
		if data, err = s.again(k); err != nil {
			return Kept{}, nil, err
		}
		return k, data, nil
	}
	return Kept{}, nil, survey.New(survey.CodeNotFound)
}

// again makes a file from what was filled in. With another program the bytes may
// be others: then they are not what was handed in, and are refused.
func (s *Store) again(k Kept) ([]byte, error) {
	s.mu.Lock()
	of := s.known[k.Period]
	s.mu.Unlock()
	data, err := written(of.Report, k.Format)
	if err != nil {
		return nil, err
	}
	if hash(data) != k.SHA256 {
		return nil, fmt.Errorf("reports: %s made by this program has the hash %s, and was kept as %s", k.Name, hash(data), k.SHA256)
	}
	return data, s.write(k.Name, data)
}

func (s *Store) readFile(k Kept) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, k.Name))
	if err == nil && hash(data) != k.SHA256 {
		err = fmt.Errorf("its hash is %s, not %s", hash(data), k.SHA256)
	}
	return data, err
}

// Update makes what is due and not kept yet, and puts back what is missing. A
// period whose closing is another one now is made anew.
func (s *Store) Update(ctx context.Context, closings []Closing) error {
	s.making.Lock()
	defer s.making.Unlock()
	for _, c := range due(closings) {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		k := s.known[c.Month]
		s.mu.Unlock()
		if k == nil || !k.Report.Closed.Equal(c.At) {
			if err := s.fill(ctx, c); err != nil {
				return err
			}
			continue
		}
		for _, f := range k.Files {
			if _, err := os.Stat(filepath.Join(s.dir, f.Name)); errors.Is(err, fs.ErrNotExist) {
				if _, err := s.again(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fill makes the files of a closed period.
func (s *Store) fill(ctx context.Context, c Closing) error {
	r, err := s.filler.Fill(ctx, Ask{Period: c.Month})
	if err != nil {
		return fmt.Errorf("report of %v to %v: %w", c.Month.From, c.Month.Last(), err)
	}
	r.Made, r.Closed = c.At, c.At
	k := &filled{Language: locale.Default, Report: r}
	for _, f := range report.Formats {
		data, err := written(r, f)
		if errors.Is(err, report.ErrNoFont) {
			s.log.Warn("no report as PDF: this program was built without its fonts; try: make web build")
			continue
		}
		if err != nil {
			return err
		}
		if err := s.write(r.Name(f), data); err != nil {
			return err
		}
		k.Files = append(k.Files, Kept{Name: r.Name(f), Period: r.Period, Format: f, Size: int64(len(data)), SHA256: hash(data), Closed: c.At})
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := s.write(fmt.Sprintf("hai-long-%v-%v.json", r.Period.From, r.Period.Last()), data); err != nil {
		return err
	}
	s.mu.Lock()
	s.known[r.Period] = k
	s.mu.Unlock()
	s.log.Info("report of a closed period is made", "from", r.Period.From, "until", r.Period.Last())
	return nil
}

// write puts a file into the folder whole or not at all.
func (s *Store) write(name string, data []byte) error {
	path := filepath.Join(s.dir, name)
	temporary, err := os.CreateTemp(s.dir, ".making-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// Run makes reports as months are closed, until the context ends. What fails is
// logged, and tried again at the next turn.
func (s *Store) Run(ctx context.Context, every time.Duration, closings func(context.Context) ([]Closing, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		all, err := closings(ctx)
		if err == nil {
			err = s.Update(ctx, all)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("reports of closed periods", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func written(r *report.Report, f report.Format) ([]byte, error) {
	var b bytes.Buffer
	err := r.Write(&b, f)
	return b.Bytes(), err
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// order sorts closed periods, the latest end first, months before the longer
// periods that end with them.
func order(all []Closing) []Closing {
	slices.SortFunc(all, func(a, b Closing) int {
		if a.Month.To != b.Month.To {
			return int(b.Month.To - a.Month.To)
		}
		return int(b.Month.From - a.Month.From)
	})
	return all
}
