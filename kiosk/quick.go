package kiosk

import "hailong/internal/survey"

// QuickJSON reads a rating as programs write it, in one pass: strings of plain
// ASCII without escapes, small whole numbers. To read it by reflection was a
// tenth of what a tap costs. See httpx.Quick; all else goes the long way.
func (r *ratingRequest) QuickJSON(body []byte) bool {
	q := quick{rest: body}
	var out ratingRequest
	if !q.next('{') {
		return false
	}
	for more := !q.next('}'); more; more = !q.next('}') {
		name := q.text()
		if !q.next(':') {
			return false
		}
		switch string(name) {
		case "scan":
			out.Scan = string(q.text())
		case "session":
			out.Session = string(q.text())
		case "language":
			out.Language = string(q.text())
		case "score":
			out.Score = survey.Score(q.number(1))
		case "took_ms":
			out.TookMS = q.number(9)
		case "questionnaire":
			out.Questionnaire = uint16(q.number(4))
		default:
			return false
		}
		if q.peek() != '}' && (!q.next(',') || q.peek() != '"') {
			return false
		}
	}
	q.peek()
	if q.failed || len(q.rest) > 0 {
		return false
	}
	*r = out
	return true
}

// quick walks through a JSON text; once failed, it gives nothing more.
type quick struct {
	rest   []byte
	failed bool
}

// peek gives the next byte that is not a space; 0 at the end.
func (q *quick) peek() byte {
	for len(q.rest) > 0 {
		switch b := q.rest[0]; b {
		case ' ', '\t', '\r', '\n':
			q.rest = q.rest[1:]
		default:
			return b
		}
	}
	return 0
}

// next takes the byte if it is the next.
func (q *quick) next(b byte) bool {
	if q.failed || q.peek() != b {
		return false
	}
	q.rest = q.rest[1:]
	return true
}

func (q *quick) text() []byte {
	if q.next('"') {
		for i, b := range q.rest {
			if b == '"' {
				text := q.rest[:i]
				q.rest = q.rest[i+1:]
				return text
			}
			if b < ' ' || b > '~' || b == '\\' {
				break
			}
		}
	}
	q.failed = true
	return nil
}

// number takes a whole number of at most so many digits.
func (q *quick) number(digits int) (n uint32) {
	q.peek()
	i := 0
	for ; i < len(q.rest) && q.rest[i] >= '0' && q.rest[i] <= '9'; i++ {
		if i == digits {
			q.failed = true
			return 0
		}
		n = n*10 + uint32(q.rest[i]-'0')
	}
	if i == 0 || i > 1 && q.rest[0] == '0' {
		q.failed = true
	}
	q.rest = q.rest[i:]
	return n
}
