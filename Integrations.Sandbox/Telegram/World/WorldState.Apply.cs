using System.Diagnostics;

namespace Integrations.Sandbox.Telegram.World;

internal sealed partial class WorldState
{
    /// <summary>Codes remembered per number; old ones say "expired" until they fall out.</summary>
    private const int CodesPerPhone = 20;

    /// <summary>How long a token is remembered after it expired, to tell "expired" from "never was".</summary>
    private static readonly TimeSpan QrTokenMemory = TimeSpan.FromMinutes(10);

    /// <summary><c>random_id</c>s remembered per person; an older one may be used again, as on the real server.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int RandomIdMemory { get; set; } = 1000;

    /// <summary>Applies one event; must not fail, look at a clock or draw a random number.</summary>
    public void Apply(WorldEvent worldEvent, Origin? origin, List<WorldNotice> notices)
    {
        switch (worldEvent)
        {
            case WorldFounded e:
                Found(e, notices);
                break;
            case Together e:
                foreach (var step in e.Events)
                    Apply(step, origin, notices);
                break;
            case KeyMade e:
                Keys[e.KeyId] = new StoredKey { Id = e.KeyId, Secret = e.Secret, DcId = e.DcId, FirstSalt = e.FirstSalt, CreatedAt = e.At };
                break;
            case KeyForgotten e:
                EndDevice(e.KeyId, KeyFate.Alive, notices);
                Keys.Remove(e.KeyId);
                break;
            case KeyDuplicated e:
                EndDevice(e.KeyId, KeyFate.Duplicated, notices);
                break;
            case SignedIn e:
                SignIn(e, notices);
                break;
            case PasswordAwaited e:
                UseUp(e.KeyId, e.UserId, e.CodeHash, e.QrToken);
                Keys[e.KeyId].AwaitsPasswordOf = e.UserId;
                break;
            case SignedOut e:
                EndDevice(e.KeyId, e.Fate, notices);
                break;
            case DeviceSeen e:
                if (Keys.TryGetValue(e.KeyId, out var seen) && seen.Device is { } device)
                    device.LastActiveAt = e.At;
                break;
            case DeviceDescribed e:
                if (Keys.TryGetValue(e.KeyId, out var described) && described.Device is { } changed)
                    changed.Info = e.Info;
                break;
            case CodeSent e:
                SendCode(e);
                break;
            case CodeTried e:
                if (FindCode(e.Phone, e.Hash) is { } tried)
                {
                    tried.WrongTries++;
                    tried.Dead |= e.Dead;
                }
                break;
            case CodeCancelled e:
                if (FindCode(e.Phone, e.Hash) is { } cancelled)
                    cancelled.Dead = true;
                break;
            case QrTokenIssued e:
                IssueQrToken(e);
                break;
            case QrTokenAccepted e:
                if (QrTokens.TryGetValue(Convert.ToHexString(e.Token), out var token))
                {
                    token.AcceptedBy = e.UserId;
                    token.ExpiresAt = e.ExpiresAt;
                    notices.Add(new QrTokenScanned(token.KeyId));
                }
                break;
            case RecoveryCodeSent e:
                People[e.UserId].RecoveryCodes.Add(
                    new RecoveryCode { Code = e.Code, Email = e.Email, SentAt = e.At, ExpiresAt = e.ExpiresAt });
                break;
            case RecoveryCodeTried e:
                if (People[e.UserId].RecoveryCodes.LastOrDefault() is { } latest)
                {
                    latest.WrongTries += latest.Code == e.Code ? 0 : 1;
                    latest.Used |= latest.Code == e.Code;
                }
                break;
            case PasswordChanged e:
                People[e.UserId].Password = e.Password;
                break;
            case ContactsAdded e:
                People[e.UserId].Contacts.UnionWith(e.ContactIds);
                break;
            case MessageSent e:
                Send(e, origin, notices);
                break;
            case MessagesRead e:
                Read(e, origin, notices);
                break;
            case ChannelJoined e:
                Join(e, origin, notices);
                break;
            case ChannelLeft e:
                Leave(e, origin, notices);
                break;
            case MembershipSet e:
                SetMembership(e, origin, notices);
                break;
            case DefaultLimitsSet e:
                Channels[e.ChannelId].DefaultLimits = e.Limits;
                break;
            case BotMade e:
                People[e.Bot.Id] = e.Bot;
                IndexPerson(e.Bot);
                break;
            case BotChanged e:
                Change(People[e.BotId].Bot!, e);
                break;
            case BotDeleted e:
                Delete(People[e.BotId]);
                break;
            case GroupMade e:
                Groups[e.Group.Id] = e.Group;
                break;
            case ChannelMade e:
                Channels[e.Channel.Id] = e.Channel;
                IndexChannel(e.Channel);
                foreach (var memberId in e.Channel.Members.Keys)
                    notices.Add(new MembershipChanged(memberId, e.Channel.Peer, e.Channel.CreatorId, Membership.Left, PlaceOf(memberId, e.Channel.Peer), origin));
                break;
            case FileStored e:
                Files[e.File.Id] = e.File;
                break;
            case MessageEdited e:
                Edit(e, origin, notices);
                break;
            case MessagesDeleted e:
                Delete(e, origin, notices);
                break;
            case MessagePinned e:
                Pin(e, origin, notices);
                break;
            case ForumToggled e:
                Channels[e.ChannelId].Forum = e.Enabled;
                break;
            case TopicChanged e:
                Channels[e.ChannelId].Topics[e.Topic.Id] = e.Topic;
                break;
            case TopicRead e:
                Channels[e.ChannelId].Members[e.ReaderId].TopicsRead[e.TopicId] = e.MaxId;
                break;
            case InviteMade e:
                Invites[e.Hash] = new Invite(e.Hash, e.Peer, e.CreatorId, e.Date);
                break;
            case GroupJoined e:
                Join(e, origin, notices);
                break;
            case GroupLeft e:
                Leave(e, origin, notices);
                break;
            case GroupMigrated e:
                Groups[e.GroupId].MigratedTo = e.Room.Id;
                Channels[e.Room.Id] = e.Room;
                break;
            case ContactBlocked e:
                Block(e, notices);
                break;
            case AccountDeleted e:
                People[e.UserId].IsDeleted = true;
                break;
            case MessageScheduled e:
                ScheduledOf(e.Message.UserId).Add(e.Message);
                break;
            case ScheduledGone e:
                ScheduledOf(e.UserId).RemoveAll(message => e.Ids.Contains(message.Id));
                break;
            case SaltsRotated:
                SaltGeneration++;
                break;
            default:
                throw new UnreachableException($"No rule applies {worldEvent.GetType().Name}.");
        }
    }

    public LoginCode? FindCode(string phone, string hash) =>
        Codes.TryGetValue(phone, out var codes) ? codes.Find(code => code.Hash == hash) : null;

    private static void Change(Bot bot, BotChanged e)
    {
        bot.Secret = e.Secret;
        bot.ReadsAllGroupMessages = e.ReadsAllGroupMessages;
        bot.Webhook = e.Webhook;
        bot.AllowedUpdates = e.AllowedUpdates;
    }

    private void Delete(Person bot)
    {
        if (bot.Username is { } username)
            Usernames.Remove(username.ToLowerInvariant());
        (bot.FirstName, bot.Username, bot.Bot!.Secret, bot.Bot.Webhook) = ("Deleted bot", null, "", null);
    }

    private void Found(WorldFounded e, List<WorldNotice> notices)
    {
        Secret = e.Secret;
        foreach (var person in e.People)
        {
            People[person.Id] = person;
            IndexPerson(person);
        }
        foreach (var group in e.Groups)
            Groups[group.Id] = group;
        foreach (var channel in e.Channels)
        {
            Channels[channel.Id] = channel;
            IndexChannel(channel);
        }
        foreach (var message in e.Messages)
            Send(message, null, notices);
    }

    private void SignIn(SignedIn e, List<WorldNotice> notices)
    {
        UseUp(e.KeyId, e.UserId, e.CodeHash, e.QrToken);
        EndDevice(e.KeyId, KeyFate.Alive, notices);
        var key = Keys[e.KeyId];
        key.AwaitsPasswordOf = null;
        key.Device = new Device
        {
            Hash = e.DeviceHash,
            UserId = e.UserId,
            Info = e.Info,
            CreatedAt = e.At,
            LastActiveAt = e.At,
            ParentKeyId = e.ParentKeyId,
        };
        DevicesFor(e.UserId).Add(e.KeyId);
        notices.Add(new KeySignedIn(e.KeyId, e.UserId));
    }

    private void UseUp(long keyId, long userId, string? codeHash, byte[]? qrToken)
    {
        if (codeHash is not null && FindCode(People[userId].Phone, codeHash) is { } code)
            code.UsedByKey = keyId;
        if (qrToken is not null && QrTokens.TryGetValue(Convert.ToHexString(qrToken), out var token))
            token.UsedByKey = keyId;
    }

    private void EndDevice(long keyId, KeyFate fate, List<WorldNotice> notices)
    {
        if (!Keys.TryGetValue(keyId, out var key))
            return;
        if (fate != KeyFate.Alive)
            key.Fate = fate;
        key.AwaitsPasswordOf = null;
        if (key.Device is not { } device)
            return;
        key.Device = null;
        DevicesFor(device.UserId).Remove(keyId);
        notices.Add(new KeySignedOut(keyId, device.UserId, fate));
        foreach (var childId in DevicesFor(device.UserId).Where(id => Keys[id].Device?.ParentKeyId == keyId).ToList())
            EndDevice(childId, fate, notices);
    }

    private void SendCode(CodeSent e)
    {
        if (!Codes.TryGetValue(e.Phone, out var codes))
            Codes[e.Phone] = codes = [];
        foreach (var earlier in codes)
            earlier.Dead = true;
        codes.Add(new LoginCode { Hash = e.Hash, Phone = e.Phone, Code = e.Code, SentAt = e.At, ExpiresAt = e.ExpiresAt });
        if (codes.Count > CodesPerPhone)
            codes.RemoveAt(0);
    }

    private void IssueQrToken(QrTokenIssued e)
    {
        var forgotten = QrTokens.Where(pair => pair.Value.ExpiresAt + QrTokenMemory < e.At).Select(pair => pair.Key).ToList();
        foreach (var hex in forgotten)
            QrTokens.Remove(hex);
        QrTokens[Convert.ToHexString(e.Token)] =
            new QrToken { Token = e.Token, KeyId = e.KeyId, ApiId = e.ApiId, ExpiresAt = e.ExpiresAt, ExceptIds = e.ExceptIds };
    }
}
