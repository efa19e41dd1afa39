namespace Integrations.TlGenerator;

/// <summary>Carries a field that an older layer names or shapes differently.</summary>
/// <param name="Field">The field of our layer that the older one is read into.</param>
/// <param name="Read">The expression for it; {0} is the older value.</param>
/// <param name="Write">The expression over our class's properties that the older field is written from.</param>
/// <param name="CanBeNull">Whether <paramref name="Write"/> may give null, which leaves an optional field out.</param>
public sealed record LayerBridge(string Field, string Read, string Write, bool CanBeNull = false);

/// <summary>What cannot be told from the names and types of the fields.</summary>
public static class LayerBridges
{
    private static readonly LayerBridge ReplyTo =
        new("reply_to", "{0} is {{ }} id ? new InputReplyToMessage {{ ReplyToMsgId = id }} : null", "(ReplyTo as InputReplyToMessage)?.ReplyToMsgId", CanBeNull: true);

    private static readonly LayerBridge Reaction =
        new("reaction", "new ReactionEmoji {{ Emoticon = {0} }}", "(Reaction as ReactionEmoji)?.Emoticon", CanBeNull: true);

    private static readonly LayerBridge Rarity =
        new("rarity", "new StarGiftAttributeRarity {{ Permille = {0} }}", "(Rarity as StarGiftAttributeRarity)?.Permille", CanBeNull: true);

    public static LayerBridge? Find(string definition, TlField older) => (definition, older.ToString()) switch
    {
        ("messages.sendMessage" or "messages.sendMedia" or "messages.sendMultiMedia" or "draftMessage", "reply_to_msg_id:flags.0?int") => ReplyTo,
        ("reactionCount" or "messagePeerReaction", "reaction:string") => Reaction,
        ("starGiftAttributeModel" or "starGiftAttributePattern" or "starGiftAttributeBackdrop", "rarity_permille:int") => Rarity,
        ("poll", "question:string") => Text("question"),
        ("pollAnswer", "text:string") => Text("text"),
        ("dialogFilter", "title:string") => Text("title"),
        ("documentAttributeVideo", "duration:int") => new("duration", "{0}", "(int)Duration"),
        ("updatePeerBlocked", "blocked:Bool") => new("blocked", "{0}", "Blocked"),
        ("updateMessagePollVote", "user_id:long") => new("peer", "new PeerUser {{ UserId = {0} }}", "(Peer as PeerUser)?.UserId", CanBeNull: true),
        ("updateUserName", "username:string") => new(
            "usernames",
            "{0}.Length == 0 ? [] : [new Username {{ Editable = true, Active = true, UsernameValue = {0} }}]",
            "(Usernames.Count == 0 ? \"\" : Usernames[0].UsernameValue)"),
        ("updatePaidReactionPrivacy", "private:Bool") => new(
            "private",
            "{0} ? new PaidReactionPrivacyAnonymous() : new PaidReactionPrivacyDefault()",
            "Private is PaidReactionPrivacyAnonymous"),
        ("messageActionSetChatTheme", "emoticon:string") => new("theme", "new ChatTheme {{ Emoticon = {0} }}", "(Theme as ChatTheme)?.Emoticon", CanBeNull: true),
        _ => null,
    };

    /// <summary>What a required field of our layer gets when an older one lacks it and its type has no neutral value.</summary>
    public static string? Missing(string definition, string field) => (definition, field) switch
    {
        // Topics lived in channels only, and the answer that holds them does not repeat which.
        ("forumTopic", "peer") => "new PeerChannel { ChannelId = 0 }",
        _ => null,
    };

    /// <summary>What an older layer answers with, as an expression over our <c>result</c>, when its answer has another type.</summary>
    public static string? Result(string call, string olderType) => (call, olderType) switch
    {
        ("messages.addChatUser" or "messages.createChat" or "channels.inviteToChannel", "Updates") => "result.Updates",
        ("messages.importChatInvite" or "channels.joinChannel", "Updates") => "OlderResults.UpdatesOf(result)",
        ("help.getAppConfig", "JSONValue") => "OlderResults.ConfigOf(result)",
        _ => null,
    };

    private static LayerBridge Text(string field) =>
        new(field, "new TextWithEntities {{ Text = {0}, Entities = [] }}", $"{Naming.Pascal(field)}.Text");
}
