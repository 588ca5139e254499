package station

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/fault"
	"zhanqun/internal/trust"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Bounds of the one request that joining is.
const (
	joinTimeout = 20 * time.Second
	joinAnswer  = 64 << 10 // bytes
)

// Join makes the node a member of the county that gave out code. name is what
// people call the machine; empty means the system's name for it. The key is
// made here and never leaves the machine. When the answer gets lost on the way,
// joining again with the same code brings it: the hub knows the key.
func Join(ctx context.Context, q *queue.Queue, code, name, program string) (queue.Identity, error) {
	invitation, err := invited(ctx, q, code)
	if err != nil {
		return queue.Identity{}, err
	}
	key, err := q.Key(ctx)
	if err != nil {
		return queue.Identity{}, err
	}
	if name == "" {
		name = machine()
	}
	answer, err := enrol(ctx, invitation, protocol.Enrol{
		Secret: invitation.Secret, Key: key.Public(), Name: name, Program: program,
		Sig: key.Sign(protocol.EnrolText(invitation.Secret, key.Public())),
	})
	if err != nil {
		return queue.Identity{}, err
	}
	if err := q.SaveIdentity(ctx, answer, invitation.Hub, name); err != nil {
		return queue.Identity{}, err
	}
	return q.Identity(ctx)
}

// invited reads the code for a node that has not joined yet.
func invited(ctx context.Context, q *queue.Queue, code string) (protocol.JoinCode, error) {
	if id, err := q.Identity(ctx); err == nil {
		return protocol.JoinCode{}, fault.New(fault.Conflict, "本机已经以“"+id.Unit.Name+"”的身份入网，不能再次入网。要换一个身份接着用这里的内容，请加 --again。")
	} else if !fault.Is(err, fault.Conflict) {
		return protocol.JoinCode{}, err
	}
	return parseCode(code)
}

// JoinLater keeps the code for a node without a line: its next bundle carries the
// request to the county, and the answer brings the identity.
func JoinLater(ctx context.Context, q *queue.Queue, code, name string) error {
	invitation, err := invited(ctx, q, code)
	if err != nil {
		return err
	}
	if name == "" {
		name = machine()
	}
	return q.SaveJoining(ctx, queue.Joining{Code: invitation, Name: name})
}

// machine is the system's name for this computer, cut to what the hub takes.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), 60)])
}

// enrol sends the request to the hub that made the code, and to no other, and
// reads the answer.
func enrol(ctx context.Context, code protocol.JoinCode, e protocol.Enrol) (protocol.EnrolAnswer, error) {
	hub := code.Hub
	client := resty.New().SetTimeout(joinTimeout).SetResponseBodyLimit(joinAnswer).
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }))
	defer client.GetClient().CloseIdleConnections()
	if u, err := url.Parse(hub); err == nil {
		client.SetTLSClientConfig(trust.Hub{CA: code.CA}.Client(u.Hostname()))
	}
	var answer protocol.EnrolAnswer
	r, err := client.R().SetContext(ctx).SetBody(e).SetHeader("Accept", "application/json").
		Post(strings.TrimRight(hub, "/") + protocol.EnrolPath)
	if err != nil {
		return answer, unreachable(ctx, hub, err)
	}
	if r.IsSuccess() {
		if err := json.Unmarshal(r.Body(), &answer); err != nil {
			return answer, fault.Wrap(fault.Invalid, stranger(hub), err)
		}
		if len(answer.NATS) == 0 {
			return answer, fault.New(fault.Invalid, "县级平台的回答不完整，没有入网。请联系县级管理员。")
		}
		return answer, nil
	}
	return answer, refused(hub, r)
}

func stranger(hub string) string {
	return "在 " + hub + " 应答的不是县级平台。请核对入网码，或请县里检查平台的访问地址（http.public_url）。"
}

// unreachable says why nothing came back.
func unreachable(ctx context.Context, hub string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := "请检查网络和防火墙，确认县级平台正在运行，然后重试；入网码仍然有效。"
	var timeout net.Error
	var name *net.DNSError
	var told *fault.Error
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, resty.ErrResponseBodyTooLarge):
		return fault.Wrap(fault.Invalid, stranger(hub), err)
	case errors.As(err, &name):
		return fault.Wrap(fault.Unavailable, "找不到县级平台的地址 "+hub+"（域名解析失败）。"+why, err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.Wrap(fault.Unavailable, "县级平台 "+hub+" 没有在 20 秒内应答。"+why, err)
	}
	return fault.Wrap(fault.Unavailable, "连不上县级平台 "+hub+"。"+why, err)
}

// refused turns the hub's problem details into words for the operator.
func refused(hub string, r *resty.Response) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	kind := kindOf(r.StatusCode())
	err := json.Unmarshal(r.Body(), &problem)
	switch {
	case r.StatusCode() >= 300 && r.StatusCode() < 400:
		return fault.New(fault.Invalid, "县级平台的地址 "+hub+" 已改为 "+r.Header().Get("Location")+"。请县里改正 http.public_url 后重发入网码。")
	case err == nil && problem.Detail != "":
		return fault.New(kind, problem.Detail)
	case kind == fault.Unavailable:
		return fault.New(kind, "县级平台 "+hub+" 暂时不能处理（"+r.Status()+"），请稍后重试；入网码仍然有效。")
	}
	return fault.New(fault.Invalid, stranger(hub))
}

// kindOf is the kind of failure behind a status of the hub.
func kindOf(status int) fault.Kind {
	for _, k := range []fault.Kind{fault.NotFound, fault.Gone, fault.Conflict, fault.Limited, fault.Forbidden, fault.Invalid} {
		if k.Status() == status {
			return k
		}
	}
	if status >= 500 {
		return fault.Unavailable
	}
	return fault.Invalid
}
