using System.Text;
using Integrations.Core.Telegram.Bots;

namespace Integrations.Core.Tests.Telegram.Bots;

public sealed class BotUpdateTests
{
    [Theory]
    [InlineData("""{"update_id":1,"message":{"message_id":5,"chat":{"id":7,"type":"private"},"text":"hi"}}""", 7L)]
    [InlineData("""{"update_id":1,"edited_channel_post":{"chat":{"id":-1001234567890}}}""", -1001234567890L)]
    [InlineData("""{"update_id":1,"my_chat_member":{"chat":{"id":-5},"from":{"id":9}}}""", -5L)]
    [InlineData("""{"callback_query":{"id":"1","from":{"id":9},"message":{"chat":{"id":8}}},"update_id":1}""", 8L)]
    [InlineData("""{"update_id":1,"callback_query":{"id":"1","from":{"id":9},"inline_message_id":"x"}}""", null)]
    [InlineData("""{"update_id":1,"poll":{"id":"3","question":"?"}}""", null)]
    [InlineData("""{"update_id":1,"something_of_next_year":{"chat":{"id":6}}}""", 6L)]
    [InlineData("""{"update_id":1,"message":{"chat":{"id":"seven"}}}""", null)]
    [InlineData("""{"update_id":1,"message":null}""", null)]
    [InlineData("""{"update_id":1}""", null)]
    public void An_update_is_read_with_the_chat_that_it_belongs_to(string json, long? chat)
    {
        Assert.True(BotUpdate.TryRead(Encoding.UTF8.GetBytes(json), out var update));

        Assert.Equal((1L, chat, json), (update.UpdateId, update.ChatId, update.Json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("""{"message":{}}""")]
    [InlineData("""{"update_id":"1"}""")]
    [InlineData("""{"update_id":1.5}""")]
    [InlineData("""{"update_id":99999999999999999999}""")]
    public void What_cannot_be_an_update_is_none(string json) => Assert.False(BotUpdate.TryRead(Encoding.UTF8.GetBytes(json), out _));

    /// <summary>PostgreSQL takes neither the character 0 nor half a surrogate pair; whole pairs, and backslashes that are meant, stay as they are.</summary>
    [Theory]
    [InlineData(@"a\u0000b", @"a\ufffdb")]
    [InlineData(@"\\u0000", @"\\u0000")]
    [InlineData(@"\\\u0000", @"\\\ufffd")]
    [InlineData(@"\ud83d\ude00", @"\ud83d\ude00")]
    [InlineData(@"\ud83d.", @"\ufffd.")]
    [InlineData(@"\ude00.", @"\ufffd.")]
    [InlineData(@"\uD83D\uD83D\uDE00", @"\ufffd\uD83D\uDE00")]
    [InlineData(@"\u00e9", @"\u00e9")]
    public void What_the_database_does_not_take_is_replaced(string text, string stored)
    {
        Assert.True(BotUpdate.TryRead(Encoding.UTF8.GetBytes($$$"""{"update_id":1,"message":{"text":"{{{text}}}"}}"""), out var update));

        Assert.Equal($$$"""{"update_id":1,"message":{"text":"{{{stored}}}"}}""", update.Json);
    }
}
