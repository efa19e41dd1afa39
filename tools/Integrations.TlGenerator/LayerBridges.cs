namespace Integrations.TlGenerator;

/// <summary>Fields that an older layer calls or shapes differently, with the expressions that carry them over.</summary>
internal static class LayerBridges
{
    /// <summary>The expression over our class's properties that an older field is written from.</summary>
    public static string? Write(string definition, string field) => (definition, field) switch
    {
        ("messages.sendMessage" or "messages.sendMedia", "reply_to_msg_id") => "(ReplyTo as InputReplyToMessage)?.ReplyToMsgId",
        _ => null,
    };

    /// <summary>The field of our layer that an older field is read into; {0} is the older value.</summary>
    public static (string Field, string Format)? Read(string definition, string field) => (definition, field) switch
    {
        ("messages.sendMessage" or "messages.sendMedia", "reply_to_msg_id") =>
            ("reply_to", "{0} is {{ }} id ? new InputReplyToMessage {{ ReplyToMsgId = id }} : null"),
        _ => null,
    };

    /// <summary>What a required field of our layer gets when an older one lacks it and its type has no neutral value.</summary>
    public static string? Missing(string definition, string field) => (definition, field) switch
    {
        ("forumTopic", "peer") => "new PeerChannel { ChannelId = 0 }",
        _ => null,
    };
}
