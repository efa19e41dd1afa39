using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class MemberTests : IDisposable
{
    private static readonly PeerRef Town = PeerRef.Channel(Seed.Town);
    private static readonly PeerRef News = PeerRef.Channel(Seed.News);

    private readonly AWorld _a = new();

    private TelegramWorld World => _a.World;

    public void Dispose() => _a.Dispose();

    [Fact]
    public void An_administrator_may_what_it_was_given_and_no_more()
    {
        AWorld.Refused("CHAT_WRITE_FORBIDDEN", () => _a.Say(Seed.Vera, News, "News of vera"));
        World.Promote(Seed.Anna, News, Seed.Vera, AdminRights.PostMessages, null, null);
        var post = _a.Say(Seed.Vera, News, "News of vera").Message;
        AWorld.Refused("CHAT_ADMIN_REQUIRED", () => World.Pin(Seed.Vera, News, post.Id, pinned: true, ownSideOnly: false, null));
        AWorld.Refused("CHAT_ADMIN_REQUIRED", () => World.Promote(Seed.Vera, News, Seed.Boris, AdminRights.PostMessages, null, null));

        World.Promote(Seed.Anna, News, Seed.Vera, AdminRights.AddAdmins, null, null);
        AWorld.Refused("RIGHT_FORBIDDEN", () => World.Promote(Seed.Vera, News, Seed.Boris, AdminRights.PostMessages, null, null));
        AWorld.Refused("USER_CREATOR", () => World.Promote(Seed.Vera, News, Seed.Anna, AdminRights.None, null, null));
        World.Promote(Seed.Anna, News, Seed.Vera, AdminRights.None, null, null);
        Assert.Equal(Membership.Member, World.PlaceOf(Seed.Vera, News));
        AWorld.Refused("CHAT_WRITE_FORBIDDEN", () => _a.Say(Seed.Vera, News, "Again"));
    }

    [Fact]
    public void A_restriction_and_a_removal_end_at_their_time()
    {
        var until = (int)_a.Clock.GetUtcNow().ToUnixTimeSeconds() + 60;
        World.Restrict(Seed.Boris, Town, Seed.Vera, MemberLimits.SendMessages, until, null);
        World.Ban(Seed.Boris, Town, Seed.Egor, until, null);
        AWorld.Refused("CHAT_SEND_PLAIN_FORBIDDEN", () => _a.Say(Seed.Vera, Town, "May I?"));
        AWorld.Refused("USER_BANNED_IN_CHANNEL", () => World.Join(Seed.Egor, Seed.Town, null));

        _a.Clock.Advance(TimeSpan.FromSeconds(60));
        _a.Say(Seed.Vera, Town, "I may.");
        World.Join(Seed.Egor, Seed.Town, null);
        Assert.Equal(Membership.Member, World.PlaceOf(Seed.Egor, Town));
    }

    [Fact]
    public void What_a_room_forbids_its_members_its_administrators_may()
    {
        World.SetDefaultLimits(Seed.Boris, Town, MemberLimits.SendMessages);
        World.Promote(Seed.Boris, Town, Seed.Vera, AdminRights.PinMessages, null, null);

        AWorld.Refused("CHAT_SEND_PLAIN_FORBIDDEN", () => _a.Say(Seed.Anna, Town, "May I?"));
        _a.Say(Seed.Vera, Town, "I may.");
    }

    [Fact]
    public void A_button_is_answered_once_and_in_time()
    {
        var bot = World.MakeBot(Seed.Anna, "A bot", "button_bot").Id;
        var chat = PeerRef.User(bot);
        _a.Say(Seed.Anna, chat, "/start");
        var keyboard = new InlineKeyboard([[new InlineButton("Yes", "yes", null, null)]]);
        World.Send(bot, new Draft { Peer = PeerRef.User(Seed.Anna), Text = "Sure?", Keyboard = keyboard }, null);
        var question = World.MessagesAfter(Seed.Anna, chat, 0, 10)[^1];

        var late = World.Press(Seed.Anna, chat, question.Id, "yes");
        _a.Clock.Advance(TelegramWorld.ButtonPatience);
        AWorld.Refused("QUERY_ID_INVALID", () => World.AnswerPress(bot, Text(late), new ButtonAnswer("Late", false, null, 0)));
        Assert.True(late.Answer.IsCompleted);
        var other = World.MakeBot(Seed.Anna, "Another", "another_bot").Id;
        var press = World.Press(Seed.Anna, chat, question.Id, "yes");
        AWorld.Refused("QUERY_ID_INVALID", () => World.AnswerPress(other, Text(press), new ButtonAnswer("Mine", false, null, 0)));
        World.AnswerPress(bot, Text(press), new ButtonAnswer("Noted", false, null, 0));
        AWorld.Refused("QUERY_ID_INVALID", () => World.AnswerPress(bot, Text(press), new ButtonAnswer("Twice", false, null, 0)));
        AWorld.Refused("DATA_INVALID", () => World.Press(Seed.Anna, chat, question.Id, "no"));
    }

    private static string Text(ButtonPress press) => press.Id.ToString(CultureInfo.InvariantCulture);
}
