package linkcheck

import "testing"

func TestAddressVerdicts(t *testing.T) {
	tests := []struct {
		raw    string
		want   Verdict
		reason Reason
		fault  Fault
	}{
		{"mailto:zf@sinan.gov.cn", Excluded, ReasonMail, ""},
		{"tel:0856-7222222", Excluded, ReasonTelephone, ""},
		{"JavaScript:void(0)", Excluded, ReasonScript, ""},
		{"data:image/png;base64,AA", Excluded, ReasonInline, ""},
		{"weixin://dl", Excluded, ReasonOtherScheme, ""},
		{"ftp://ftp.sinan.gov.cn/a", Excluded, ReasonOtherScheme, ""},
		{"http://www.sinan.gov.cn:25/", Excluded, ReasonPort, ""},
		{"http://http://www.sinan.gov.cn/", Dead, ReasonBadAddress, FaultDoubledScheme},
		{"htp://www.sinan.gov.cn/", Dead, ReasonBadAddress, FaultBrokenScheme},
		{"http：//www.sinan.gov.cn/", Dead, ReasonBadAddress, FaultFullWidth},
		{`C:\Users\admin\Desktop\1.doc`, Dead, ReasonBadAddress, FaultLocalPath},
		{"file:///D:/1.jpg", Dead, ReasonBadAddress, FaultLocalPath},
		{"http://{{url}}/", Dead, ReasonBadAddress, FaultTemplate},
		{"http://www.sinan gov.cn/", Dead, ReasonBadAddress, FaultBadAddress},
		{"", Dead, ReasonBadAddress, FaultBadAddress},
		{"http://\x00\xff", Dead, ReasonBadAddress, FaultBadAddress},
	}
	for _, tt := range tests {
		r := newChecker(t).Check(t.Context(), tt.raw)
		expect(t, r, tt.want, tt.reason, "")
		if r.Fault != tt.fault || r.Tries != 0 || (tt.want == Dead) != (r.Class == ClassWrong) && tt.reason != ReasonPort {
			t.Errorf("%q: fault %q, class %q, %d tries", tt.raw, r.Fault, r.Class, r.Tries)
		}
	}
}
