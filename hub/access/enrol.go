package access

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// InviteLife is how long an invitation lasts unless said otherwise.
const InviteLife = 7 * 24 * time.Hour

// MaxInviteDays is how many days it may last at most.
const MaxInviteDays = 90

const maxInviteLife = MaxInviteDays * 24 * time.Hour

// Invite lets one machine of one unit join, once.
type Invite struct {
	Hash      string    `json:"-"` // of the secret, which is kept nowhere
	Unit      string    `json:"unit"`
	UnitName  string    `json:"unitName"`
	CreatedBy string    `json:"createdBy"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	UsedAt    time.Time `json:"usedAt,omitzero"`
	Node      string    `json:"node,omitempty"`     // who used it
	Replaces  string    `json:"replaces,omitempty"` // node whose place the one who uses it takes
	Approval  bool      `json:"approval,omitempty"` // who uses it waits until a person agrees
}

// Why an invitation does not let a machine in.
var (
	ErrNoInvite = fault.New(fault.NotFound, "入网码不对，请向县里核对或重新要一个。")
	ErrUsed     = fault.New(fault.Gone, "入网码已经用过了，每个入网码只能用一次。请向县里重新要一个。")
	ErrExpired  = fault.New(fault.Gone, "入网码已经过期，请向县里重新要一个。")
	ErrKeyTaken = fault.New(fault.Conflict, "这台机器的密钥已经登记过了。请删去旧的密钥，再用新的入网码入网。")
)

// Usable returns nil while the invitation lets a machine in.
func (i Invite) Usable(now time.Time) error {
	switch {
	case !i.UsedAt.IsZero():
		return ErrUsed
	case !now.Before(i.ExpiresAt):
		return ErrExpired
	}
	return nil
}

// MaxInvites is how many invitations are made at a time.
const MaxInvites = 300

// Terms are the conditions of invitations.
type Terms struct {
	Base string        // where nodes reach the hub; empty means the address the hub itself has noted
	Life time.Duration // how long they last; 0 means InviteLife
	// Approval makes whoever uses one wait until a person agrees. Config.Approval
	// makes everybody wait.
	Approval bool
}

// Issued is an invitation with the code to hand over, which is kept nowhere.
type Issued struct {
	Invite
	Code protocol.JoinCode
}

// Invite makes an invitation for a unit and returns the code to hand over. base
// and life are as in Terms.
func (s *Service) Invite(ctx context.Context, actor User, unit, base string, life time.Duration) (protocol.JoinCode, Invite, error) {
	return one(s.InviteAll(ctx, actor, []string{unit}, Terms{Base: base, Life: life}))
}

// InviteReplacement is Invite for a machine that takes the place of a node of the
// unit: a lost, stolen or broken one, or one of two copies. When the code is used
// that node is revoked, and its items go on with the new one.
func (s *Service) InviteReplacement(ctx context.Context, actor User, node, base string, life time.Duration) (protocol.JoinCode, Invite, error) {
	return one(s.Replacement(ctx, actor, node, Terms{Base: base, Life: life}))
}

func one(list []Issued, err error) (protocol.JoinCode, Invite, error) {
	if err != nil {
		return protocol.JoinCode{}, Invite{}, err
	}
	return list[0].Code, list[0].Invite, nil
}

// Replacement is InviteReplacement with all conditions.
func (s *Service) Replacement(ctx context.Context, actor User, node string, t Terms) ([]Issued, error) {
	if err := actor.Need(Manage); err != nil {
		return nil, err
	}
	n, err := s.Store.NodeByID(ctx, node)
	if err != nil {
		return nil, err
	}
	return s.invite(ctx, actor, []string{n.Unit}, n.ID, t)
}

// InviteAll makes an invitation for each of the units, at most MaxInvites, all or
// none.
func (s *Service) InviteAll(ctx context.Context, actor User, units []string, t Terms) ([]Issued, error) {
	return s.invite(ctx, actor, units, "", t)
}

func (s *Service) invite(ctx context.Context, actor User, units []string, replaces string, t Terms) ([]Issued, error) {
	if err := actor.Need(Manage); err != nil {
		return nil, err
	}
	if t.Life == 0 {
		t.Life = InviteLife
	}
	if t.Life < time.Minute || t.Life > maxInviteLife {
		return nil, fault.Field("life", "入网码的有效期要在 1 分钟到 90 天之间。")
	}
	switch {
	case len(units) == 0:
		return nil, fault.Field("unit", "请选择单位。")
	case len(units) > MaxInvites:
		return nil, fault.Field("unit", fmt.Sprintf("一次最多给 %d 个单位发入网码，请分几次。", MaxInvites))
	}
	if t.Base == "" {
		var err error
		if t.Base, err = s.Store.Portal(ctx); err != nil {
			return nil, err
		}
	}
	pin := ""
	if strings.HasPrefix(strings.ToLower(t.Base), "https://") {
		var err error
		if pin, err = s.Store.Pin(ctx); err != nil {
			return nil, err
		}
	}
	issued := make([]Issued, len(units))
	for i, code := range units {
		u, err := s.Store.Unit(ctx, code)
		if err != nil {
			return nil, err
		}
		if u.Level == catalog.LevelVillage {
			return nil, fault.Field("unit", "村级单位不单独入网，请使用所属乡镇的节点。")
		}
		if issued[i], err = s.issue(actor, u, replaces, pin, t); err != nil {
			return nil, err
		}
	}
	invites := make([]Invite, len(issued))
	for i := range issued {
		invites[i] = issued[i].Invite
	}
	return issued, s.Store.AddInvites(ctx, actor.Login, invites)
}

// issue makes the invitation of one unit, which is not on file yet.
func (s *Service) issue(actor User, u catalog.Unit, replaces, pin string, t Terms) (Issued, error) {
	if t.Base == "" {
		return Issued{}, fault.New(fault.Invalid, "还不知道县级平台的访问地址。请在配置里写上 http.public_url，或先启动一次 hub serve。")
	}
	secret, hash := account.NewToken("zqi")
	now := s.Now()
	i := Invite{Hash: hash, Unit: u.Code, UnitName: u.Name, CreatedBy: actor.Login, CreatedAt: now, ExpiresAt: now.Add(t.Life), Replaces: replaces, Approval: t.Approval || s.Approval}
	code := protocol.JoinCode{Hub: t.Base, Secret: secret, CA: pin}
	if _, err := protocol.ParseJoinCode(code.String()); err != nil {
		return Issued{}, fault.Wrap(fault.Invalid, "访问地址 "+t.Base+" 不是完整的网址，请检查配置里的 http.public_url。", err)
	}
	return Issued{i, code}, nil
}

// Standing is a unit that may have nodes of its own, and how many it has.
type Standing struct {
	catalog.Unit
	Nodes   int `json:"nodes"`   // not revoked
	Invites int `json:"invites"` // neither used nor expired
}

// Standings returns one page of the units that may have nodes, townships and
// departments, ordered by code; limit is kept between 1 and 500.
func (s *Service) Standings(ctx context.Context, actor User, after string, limit int) ([]Standing, error) {
	if err := actor.Need(Manage); err != nil {
		return nil, err
	}
	return s.Store.Standings(ctx, after, page(limit))
}

// Invites returns the newest invitations, at most 500, used or not.
func (s *Service) Invites(ctx context.Context, actor User) ([]Invite, error) {
	if err := actor.Need(Manage); err != nil {
		return nil, err
	}
	return s.Store.Invites(ctx, 500)
}

// Enrol gives the sender an identity. It needs no one signed in: the secret of
// the invitation and the signature by the key speak for the sender.
func (s *Service) Enrol(ctx context.Context, e protocol.Enrol) (protocol.EnrolAnswer, error) {
	return s.EnrolFrom(ctx, "", e)
}

// EnrolFrom is Enrol for a sender at a network address, which is noted.
func (s *Service) EnrolFrom(ctx context.Context, address string, e protocol.Enrol) (protocol.EnrolAnswer, error) {
	none := protocol.EnrolAnswer{}
	key, err := protocol.ParsePublic(e.Key)
	if err != nil || !strings.HasPrefix(e.Key, "U") {
		return none, fault.Wrap(fault.Invalid, "入网请求里的公钥无效，请升级节点程序后再试。", err).With("key", "不是节点的公钥")
	}
	if len(e.Secret) > 200 || !key.Verify(protocol.EnrolText(e.Secret, e.Key), e.Sig) {
		return none, fault.Field("sig", "入网请求的签名不对，请升级节点程序后再试。")
	}
	was := ""
	if e.Was != nil {
		if was = e.Was.Node; !protocol.ValidNode(was) || len(e.Was.HubEpoch) > 36 || e.Was.Down > math.MaxInt64 {
			return none, fault.Field("was", "入网请求里原来的身份无效，请升级节点程序后再试。")
		}
	}
	n, err := s.enrol(ctx, account.HashToken(e.Secret), Node{Was: was, Address: address, Name: e.Name, PublicKey: e.Key, Program: e.Program})
	if err != nil {
		return none, err
	}
	answer := s.answer(n)
	if e.Was != nil {
		// Of its own, and again when the answer got lost: what is said twice is
		// heard once.
		if answer.Was, err = s.Store.Succeed(ctx, n, *e.Was); err != nil {
			return none, err
		}
	}
	return answer, nil
}

// enrol puts a machine on file whose invitation has the given digest.
func (s *Service) enrol(ctx context.Context, hash string, n Node) (Node, error) {
	n.Name = strings.TrimSpace(n.Name)
	if n.Name != "" {
		if err := checkLine("name", "机器名称", n.Name, 60); err != nil {
			return Node{}, err
		}
	}
	if len(n.Program) > 100 {
		return Node{}, fault.Field("program", "程序名称太长。")
	}
	n.Program = strings.ToValidUTF8(n.Program, "")
	n.ID, n.State, n.JoinedAt = newNodeID(), NodeActive, s.Now()
	n, err := s.Store.Enrol(ctx, hash, n)
	if err == nil && n.State == NodeRevoked {
		return Node{}, ErrUsed
	}
	return n, err
}

// answer is the identity of n.
func (s *Service) answer(n Node) protocol.EnrolAnswer {
	return protocol.EnrolAnswer{
		Node: n.ID, Unit: protocol.Unit{Code: n.Unit, Name: n.UnitName},
		HubKey: n.Signer, HubEpoch: s.HubEpoch, NATS: s.NATS(), Now: s.Now(), Pending: n.State == NodePending,
	}
}
