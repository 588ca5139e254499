package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Identity is who this node is for the hub, and where the hub is.
type Identity struct {
	Node     string        `json:"node"`
	Unit     protocol.Unit `json:"unit"`
	Name     string        `json:"name"`  // what people call the machine
	Epoch    string        `json:"epoch"` // of this store
	HubURL   string        `json:"hubUrl"`
	HubKey   string        `json:"hubKey"`
	HubEpoch string        `json:"hubEpoch"` // as last heard
	NATS     []string      `json:"nats"`
	JoinedAt time.Time     `json:"joinedAt"`
	Key      protocol.Key  `json:"-"`
}

var errJoined = fault.New(fault.Conflict, "本机已经入网，不能再次入网。要换一个身份接着用，请加 --again；内容会保留。")

var errNotJoined = fault.New(fault.Conflict, "本机还没有加入县级平台，不能提交，草稿不受影响。请向县里要入网码，运行 node join 入网码。")

// Identity returns who this node is; before it has joined, a fault of kind
// Conflict. It is read each time: another process may have joined meanwhile.
func (q *Queue) Identity(ctx context.Context) (Identity, error) {
	for former := ""; ; {
		id, public, err := q.readIdentity(ctx)
		if err != nil {
			return id, err
		}
		if id.Key, err = q.signer(public); !errors.Is(err, errOtherKey) || public == former {
			return id, err
		}
		former = public // another key may have been taken between the two looks
	}
}

func (q *Queue) readIdentity(ctx context.Context) (id Identity, public string, err error) {
	var urls string
	var joined int64
	err = q.db.Read.QueryRowContext(ctx, `SELECT node, unit, unit_name, name, epoch, hub_url, hub_key, hub_epoch, nats, joined_at, public FROM station`).
		Scan(&id.Node, &id.Unit.Code, &id.Unit.Name, &id.Name, &id.Epoch, &id.HubURL, &id.HubKey, &id.HubEpoch, &urls, &joined, &public)
	if err != nil {
		return Identity{}, "", fmt.Errorf("reading identity: %w", err)
	}
	if id.Node == "" {
		return id, "", errNotJoined
	}
	if err := json.Unmarshal([]byte(urls), &id.NATS); err != nil {
		return Identity{}, "", fmt.Errorf("reading identity: %w", err)
	}
	id.JoinedAt = time.UnixMilli(joined)
	return id, public, nil
}

// SaveIdentity keeps what the hub answered to Enrol, by the line or in a bundle:
// then there may be no broker to connect to. A node that has an identity keeps
// it: joining twice is a fault of kind Conflict.
func (q *Queue) SaveIdentity(ctx context.Context, a protocol.EnrolAnswer, hubURL, name string) error {
	if err := checkAnswer(a); err != nil {
		return err
	}
	key, err := q.signer("")
	if err != nil {
		return err
	}
	return q.write(ctx, "saving identity", func(ctx context.Context, t *txn) error {
		if t.st.node != "" {
			return errJoined
		}
		return t.become(ctx, a, hubURL, name, key.Public())
	})
}

func checkAnswer(a protocol.EnrolAnswer) error {
	if !protocol.ValidNode(a.Node) || a.Unit.Code == "" {
		return fault.New(fault.Invalid, "县级平台的回答不完整，没有入网。请联系县级管理员。")
	}
	if _, err := protocol.ParsePublic(a.HubKey); err != nil {
		return fault.Wrap(fault.Invalid, "县级平台的密钥无法识别，没有入网。请联系县级管理员。", err)
	}
	return nil
}

// become writes who this node is from now on.
func (t *txn) become(ctx context.Context, a protocol.EnrolAnswer, hubURL, name, public string) error {
	urls, err := json.Marshal(a.NATS)
	if err != nil {
		return fmt.Errorf("writing identity: %w", err)
	}
	line, err := pendingLine(a.Pending)
	if err != nil {
		return fmt.Errorf("writing identity: %w", err)
	}
	if err := t.exec(ctx, `UPDATE station SET node = $1, unit = $2, unit_name = $3, name = $4, hub_url = $5, hub_key = $6, nats = $7, joined_at = $8, public = $9, line = $10`,
		a.Node, a.Unit.Code, a.Unit.Name, name, hubURL, a.HubKey, string(urls), t.now, public, line); err != nil {
		return err
	}
	t.st.node, t.st.unit, t.st.hubEpoch, t.st.public = a.Node, a.Unit.Code, a.HubEpoch, public
	t.st.down, t.st.resync = 0, false
	t.st.settingsRev++
	for _, text := range []string{`DELETE FROM joining`, `DELETE FROM hub_key`} {
		if err := t.exec(ctx, text); err != nil {
			return fmt.Errorf("writing identity: %w", err)
		}
	}
	return nil
}
