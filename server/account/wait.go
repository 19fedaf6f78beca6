package account

import (
	"fmt"
	"math"
	"time"

	"hailong/internal/survey"
)

// Wait is the cause of a survey.CodeTooSoon: how long to wait before the next
// attempt.
type Wait time.Duration

func (w Wait) Error() string { return fmt.Sprintf("the next attempt may come in %s", time.Duration(w)) }

// TooSoon is the error of an attempt that comes too soon.
func TooSoon(wait time.Duration) error {
	return survey.Wrap(survey.CodeTooSoon, Wait(wait), int(math.Ceil(wait.Seconds())))
}
