package kiosk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
)

// Setup is what the screen's script needs to know; templates write it as JSON.
type Setup struct {
	State     string   `json:"state"`     // changes with anything below but Asleep
	Desk      bool     `json:"desk"`      // walk-ins are taken
	Words     bool     `json:"words"`     // a comment and a wish to be contacted may be asked for
	ScreenMM  int      `json:"screen_mm"` // the screen's width as mounted, in millimetres; 0: not known
	Languages []string `json:"languages"` // offered, by BCP 47 tag, the home language first
	Home      string   `json:"home"`      // shown to whoever comes next
	Sheet     *Sheet   `json:"sheet"`     // null: the overall question alone
	Asleep    bool     `json:"asleep"`    // the desk is closed
	Limits    Limits   `json:"limits"`
}

// Sheet is what a kiosk asks: a version of the questionnaire without what needs
// a receipt's officer, and with those reasons alone that a screen has room for.
type Sheet struct {
	Version   uint16            `json:"version"`
	Scale     []survey.Words    `json:"scale"` // for the scores 1–5
	Consent   survey.Words      `json:"consent"`
	Overall   survey.Words      `json:"overall"`
	Factors   []survey.Factor   `json:"factors"`
	Questions []survey.Question `json:"questions"`
	Reasons   []survey.Reason   `json:"reasons"`
}

// Limits are the greatest lengths of what people write, in characters.
type Limits struct {
	Comment int `json:"comment"`
	Name    int `json:"name"`
	Contact int `json:"contact"`
}

func (a *app) setup() Setup {
	config := a.Config()
	s := Setup{
		Desk: config.Desk != "", Words: config.SealKey != nil, ScreenMM: a.ScreenMM, Sheet: a.sheet(config),
		Limits: Limits{survey.MaxComment, survey.MaxName, survey.MaxContact},
	}
	s.Languages = tags(a.languages())
	s.Home = s.Languages[0]
	s.State = a.state(config, s)
	s.Asleep = a.asleep(config)
	return s
}

// state changes with the program and with what a server told the kiosk: an open
// page that nobody uses then loads itself anew.
func (a *app) state(c Config, s Setup) string {
	data, err := json.Marshal([]any{a.Version, c.Desk, c.DeskName, c.DeskEN, c.UnitName, c.UnitEN, c.KeepComments, c.KeepContacts, s})
	if err != nil {
		panic(err) // these types always have a JSON form
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// sheet gives what is asked at this desk; nil: the overall question alone.
func (a *app) sheet(c Config) *Sheet {
	from := c.Sheet.For(c.Service)
	if from == nil {
		return nil
	}
	a.versions.keep(c.Sheet)
	s := &Sheet{
		Version: c.Sheet.Version, Scale: c.Sheet.Scale, Consent: c.Sheet.Consent, Overall: from.Overall,
		Factors: append([]survey.Factor{}, from.Factors...), Questions: []survey.Question{}, Reasons: []survey.Reason{},
	}
	for _, q := range from.Questions {
		if !q.Officer {
			s.Questions = append(s.Questions, q)
		}
	}
	for _, r := range from.Reasons {
		if r.Kiosk {
			s.Reasons = append(s.Reasons, r)
		}
	}
	return s
}

// languages are those of the settings for which there are words; Vietnamese and
// English where there is no setting.
func (a *app) languages() *locale.Catalogue {
	if tags := a.Config().Languages; len(tags) > 0 {
		return a.catalogue.Only(tags...)
	}
	return a.catalogue.Whole()
}

func tags(c *locale.Catalogue) (tags []string) {
	for _, l := range c.Languages() {
		tags = append(tags, l.Tag)
	}
	return tags
}

// asleep says whether the desk is closed. A kiosk that does not know what time it
// is stays awake.
func (a *app) asleep(c Config) bool {
	now, ok := a.ServerTime()
	return ok && !c.Hours.Open(now)
}

// versions are the questionnaires that this process has shown: a page in
// mid-answer finishes with the version that it began.
type versions struct {
	mu    sync.Mutex
	known map[uint16]*survey.Questionnaire
}

func (v *versions) keep(q *survey.Questionnaire) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known = map[uint16]*survey.Questionnaire{}
	}
	v.known[q.Version] = q
}

func (v *versions) get(version uint16) *survey.Questionnaire {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[version]
}

// What a small sign on the screen tells staff.
const (
	signFine    = "ok"
	signWaiting = "waiting" // no server for a while, or facts that wait for one
	signTrouble = "trouble" // people's answers are not recorded
)

// stateAnswer is what an open page asks for now and then.
type stateAnswer struct {
	State  string `json:"state"`
	Asleep bool   `json:"asleep"`
	Sign   string `json:"sign"`
}

func (a *app) showState(c *fiber.Ctx) error {
	status, err := a.status(c.UserContext())
	sign := signFine
	switch now := a.Now(); {
	case err != nil || status.StorageError != "":
		sign = signTrouble
	case late(now, status.LastContact), status.Backlog > 0 && late(now, status.OldestUnsent):
		sign = signWaiting
	}
	s := a.setup()
	return httpx.SendJSON(c, fiber.StatusOK, stateAnswer{State: s.State, Asleep: s.Asleep, Sign: sign})
}

// late says whether a moment is longer ago than is normal between kiosk and
// server, or never was.
func late(now, t time.Time) bool { return t.IsZero() || now.Sub(t) > longSilence }
