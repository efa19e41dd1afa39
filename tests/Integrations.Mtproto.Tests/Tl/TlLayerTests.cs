using System.Buffers.Binary;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Tl;

public sealed class TlLayerTests
{
    [Theory]
    [InlineData(144, 0x3ff6ecb0u)]
    [InlineData(150, 0x3ff6ecb0u)]
    [InlineData(198, 0x4b46c37eu)]
    [InlineData(228, 0xb1b8cc83u)]
    public void A_user_is_written_with_the_constructor_of_the_clients_layer(int layer, uint id)
    {
        var user = new User { Id = 1_000_001, FirstName = "Anna", Usernames = [], Premium = true };
        var bytes = user.ToBytes(layer);

        Assert.Equal(id, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        var read = Assert.IsType<User>(TlRegistry.Read(bytes));
        Assert.Equal((1_000_001L, "Anna", true), (read.Id, read.FirstName, read.Premium));
    }

    [Fact]
    public void The_layer_reaches_the_objects_inside()
    {
        var authorization = new AuthAuthorization { User = new User { Id = 5 } };
        var bytes = authorization.ToBytes(144);

        Assert.Equal(0x33fb7bb8u, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        Assert.Equal(0x3ff6ecb0u, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)));
    }

    [Fact]
    public void A_reply_of_layer_144_is_understood_and_written_back()
    {
        var message = new MessagesSendMessage
        {
            Peer = new InputPeerSelf(),
            Message = "yes",
            RandomId = 1,
            ReplyTo = new InputReplyToMessage { ReplyToMsgId = 42 },
        };
        var bytes = message.ToBytes(144);

        Assert.Equal(0x0d9d75a4u, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        var read = Assert.IsType<MessagesSendMessage>(TlRegistry.Read(bytes));
        Assert.Equal(42, Assert.IsType<InputReplyToMessage>(read.ReplyTo).ReplyToMsgId);
    }

    [Fact]
    public void What_a_layer_does_not_have_is_never_written_to_it()
    {
        var topic = new ForumTopicDeleted { Id = 1 };
        Assert.Equal(198, topic.FirstLayer);
        Assert.NotEmpty(topic.ToBytes(198));
        Assert.Throws<TlException>(() => topic.ToBytes(144));

        var gone = new ChannelsGetForumTopics { Channel = new InputChannelEmpty(), OffsetDate = 0, OffsetId = 0, OffsetTopic = 0, Limit = 1 };
        Assert.IsType<ChannelsGetForumTopics>(TlRegistry.Read(gone.ToBytes(198)));
        Assert.Throws<TlException>(() => gone.ToBytes(228));
    }

    [Fact]
    public void A_call_whose_answer_changed_its_type_is_answered_as_its_layer_expects()
    {
        var result = new MessagesInvitedUsers { Updates = new UpdatesTooLong(), MissingInvitees = [] };
        var call = new MessagesAddChatUser { ChatId = 1, UserId = new InputUserSelf(), FwdLimit = 0 };

        Assert.Equal(new UpdatesTooLong().ConstructorId, AnsweredId(144));
        Assert.Equal(result.ConstructorId, AnsweredId(198));
        Assert.Equal(result.ConstructorId, AnsweredId(228));

        uint AnsweredId(int layer)
        {
            using var writer = new TlWriter(layer);
            call.WriteResult(writer, result);
            return BinaryPrimitives.ReadUInt32LittleEndian(writer.WrittenSpan);
        }
    }

    [Fact]
    public void Fields_that_share_a_flag_are_written_together()
    {
        var authorization = new AuthAuthorization { SetupPasswordRequired = true, User = new UserEmpty { Id = 1 } };
        var read = Assert.IsType<AuthAuthorization>(TlRegistry.Read(authorization.ToBytes()));
        Assert.Equal((true, (int?)0), (read.SetupPasswordRequired, read.OtherwiseReloginDays));

        var header = new MessageFwdHeader { Date = 1, SavedFromMsgId = 4 };
        Assert.Throws<TlException>(() => header.ToBytes());
    }
}
