using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>One call of a bot: who calls what, with which parameters, and about which chat.</summary>
/// <param name="method">In capitals, since its case does not matter.</param>
internal sealed class BotCall(Person person, string method, BotApiRequest request)
{
    public Person Person => person;

    public Bot Bot => person.Bot!;

    public string Method => method;

    public BotApiRequest Request => request;

    /// <summary>The kind of chat that it is about, in words: user, group, supergroup or channel.</summary>
    public string Room { get; set; } = "user";
}
