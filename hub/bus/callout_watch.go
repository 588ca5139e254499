package bus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhanqun/protocol"
)

// What is asked of external servers goes to all of them, and nobody knows how
// many there are: answers are awaited for a while.
const (
	lookEvery = time.Second
	lookTime  = 300 * time.Millisecond
	lookMost  = 64 // connections of each server, those that have sent the most
)

// look watches the totals of the nodes' account, and those connections that have
// sent the most when the totals are more than one node may send. Passes end
// within the hour, so that no old connection hides a new one for long.
func (c *callout) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	limits := c.b.guard.limits
	var before server.MsgBytes
	var at, hot time.Time
	var m meter
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if !c.nc.IsConnected() {
			continue
		}
		now := time.Now()
		total, err := c.total(ctx)
		if err != nil {
			c.b.log.Debug("bus: the NATS servers' totals", "err", err)
			continue
		}
		if limits.exceeded(before, total, now.Sub(at).Seconds()) {
			hot = now.Add(hotFor)
		}
		before, at = total, now
		if now.After(hot) {
			m = meter{}
			continue
		}
		seen, sums := meter{}, sums{}
		for _, by := range []server.SortOpt{server.ByInMsgs, server.ByInBytes} {
			err := c.connections(ctx, server.ConnzOptions{Sort: by, Limit: lookMost}, lookTime, func(at connection, found *server.ConnInfo) {
				if _, twice := seen[at]; !twice && protocol.ValidNode(found.AuthorizedUser) {
					sums.add(found.AuthorizedUser, m, at, found, now)
					seen[at] = reading{traffic{found.InMsgs, found.InBytes}, now}
				}
			})
			if err != nil {
				c.b.log.Debug("bus: the NATS servers' connections", "err", err)
			}
		}
		sums.charge(c.b.guard)
		m = seen
	}
}

// total adds up what the servers took from the connections of our account.
func (c *callout) total(ctx context.Context) (sum server.MsgBytes, err error) {
	err = c.all(ctx, "$SYS.REQ.ACCOUNT.PING.STATZ", struct{}{}, lookTime, func(_ string, data []byte) error {
		var z server.AccountStatz
		if err := json.Unmarshal(data, &z); err != nil {
			return err
		}
		for _, a := range z.Accounts {
			if a.Account == account {
				sum.Msgs += a.Received.Msgs
				sum.Bytes += a.Received.Bytes
			}
		}
		return nil
	})
	return sum, err
}

// connections hands connections of our account to f, as all servers tell them.
func (c *callout) connections(ctx context.Context, o server.ConnzOptions, wait time.Duration, f func(connection, *server.ConnInfo)) error {
	o.Username = true
	return c.all(ctx, "$SYS.REQ.SERVER.PING.CONNZ", o, wait, func(id string, data []byte) error {
		var z server.Connz
		if err := json.Unmarshal(data, &z); err != nil {
			return err
		}
		for _, found := range z.Conns {
			f(connection{id, found.Cid}, found)
		}
		return nil
	})
}

// all asks all servers and hands their answers to f, with the server's id.
func (c *callout) all(ctx context.Context, subject string, ask any, wait time.Duration, f func(id string, data []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	sub, err := c.nc.SubscribeSync(c.nc.NewRespInbox())
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := c.nc.PublishRequest(subject, sub.Subject, jsonOf(ask)); err != nil {
		return err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil // all have spoken who will
		}
		if err != nil {
			return err
		}
		var answer struct {
			Server server.ServerInfo `json:"server"`
			Data   json.RawMessage   `json:"data"`
		}
		if err = json.Unmarshal(m.Data, &answer); err == nil {
			err = f(answer.Server.ID, answer.Data)
		}
		if err != nil {
			return err
		}
	}
}
