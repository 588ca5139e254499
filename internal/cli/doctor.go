package cli

import (
	"fmt"
	"io"

	"zhanqun/internal/fault"
)

// Grades of a symptom.
const (
	Fine = "正常"
	Warn = "注意"
	Bad  = "错误"
)

// Symptom is one thing a doctor command looked at.
type Symptom struct {
	Name   string `json:"name"`
	Grade  string `json:"grade"`
	Detail string `json:"detail"`
}

// Report writes what a doctor command found, and fails if anything is Bad.
func Report(w io.Writer, asJSON bool, list []Symptom) error {
	bad := 0
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{s.Grade, s.Name, s.Detail}
		if s.Grade == Bad {
			bad++
		}
	}
	var err error
	if asJSON {
		err = WriteJSON(w, list)
	} else {
		err = Table(w, rows)
	}
	if err == nil && bad > 0 {
		err = fault.New(fault.Invalid, fmt.Sprintf("有 %d 处错误，请按上面的说明处理。", bad))
	}
	return err
}
