using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Schema;

// These hold other messages whose extent or type their own bytes do not tell, so the generator cannot write them.

/// <summary><c>rpc_result#f35c6d01 req_msg_id:long result:Object = RpcResult;</c></summary>
public sealed class RpcResult : TlObject
{
    public const uint Id = 0xf35c6d01;

    public override uint ConstructorId => Id;

    public override string TlName => "rpc_result";

    public required long ReqMsgId { get; init; }

    /// <summary>The rest of the message: the result as the call defines it, an <see cref="RpcError"/>, or either in a <c>gzip_packed</c>.</summary>
    public required ReadOnlyMemory<byte> Result { get; init; }

    public override void Write(TlWriter writer)
    {
        writer.WriteUInt32(Id);
        writer.WriteInt64(ReqMsgId);
        writer.WriteRaw(Result.Span);
    }

    internal static RpcResult ReadBody(ref TlReader reader) =>
        new() { ReqMsgId = reader.ReadInt64(), Result = reader.ReadRaw(reader.Remaining).ToArray() };
}

/// <summary><c>msg_container#73f1f8dc messages:vector&lt;%Message&gt; = MessageContainer;</c></summary>
public sealed class MsgContainer : TlObject
{
    public const uint Id = 0x73f1f8dc;

    /// <summary>The most messages that one container may hold.</summary>
    public const int MaxMessages = 1024;

    public override uint ConstructorId => Id;

    public override string TlName => "msg_container";

    public required IReadOnlyList<ContainedMessage> Messages { get; init; }

    public override void Write(TlWriter writer)
    {
        writer.WriteUInt32(Id);
        writer.WriteInt32(Messages.Count);
        foreach (var message in Messages)
            message.Write(writer);
    }

    internal static MsgContainer ReadBody(ref TlReader reader)
    {
        var messages = new ContainedMessage[reader.ReadCount(16)];
        if (messages.Length > MaxMessages)
            throw new TlException($"A container holds {messages.Length} messages; {MaxMessages} are allowed.");
        for (var i = 0; i < messages.Length; i++)
            messages[i] = ContainedMessage.Read(ref reader);
        return new() { Messages = messages };
    }
}

/// <summary><c>message msg_id:long seqno:int bytes:int body:Object = Message;</c>, always bare.</summary>
/// <param name="Body">The serialised object, a multiple of four bytes.</param>
public sealed record ContainedMessage(long MsgId, int Seqno, ReadOnlyMemory<byte> Body)
{
    internal void Write(TlWriter writer)
    {
        writer.WriteInt64(MsgId);
        writer.WriteInt32(Seqno);
        writer.WriteInt32(Body.Length);
        writer.WriteRaw(Body.Span);
    }

    internal static ContainedMessage Read(ref TlReader reader)
    {
        var msgId = reader.ReadInt64();
        var seqno = reader.ReadInt32();
        var length = reader.ReadInt32();
        if (length < 0 || length % 4 != 0)
            throw new TlException($"A contained message claims {length} bytes.");
        return new(msgId, seqno, reader.ReadRaw(length).ToArray());
    }
}

/// <summary><c>msg_copy#e06046b2 orig_message:Message = MessageCopy;</c></summary>
public sealed class MsgCopy : TlObject
{
    public const uint Id = 0xe06046b2;

    // The boxed form of the message, message#5bb8e511, occurs nowhere else.
    private const uint BoxedMessageId = 0x5bb8e511;

    public override uint ConstructorId => Id;

    public override string TlName => "msg_copy";

    public required ContainedMessage OrigMessage { get; init; }

    public override void Write(TlWriter writer)
    {
        writer.WriteUInt32(Id);
        writer.WriteUInt32(BoxedMessageId);
        OrigMessage.Write(writer);
    }

    internal static MsgCopy ReadBody(ref TlReader reader)
    {
        var id = reader.ReadUInt32();
        if (id != BoxedMessageId)
            throw TlException.Unexpected(id, "message");
        return new() { OrigMessage = ContainedMessage.Read(ref reader) };
    }
}

/// <summary><c>gzip_packed#3072cfa1 packed_data:bytes = Object;</c></summary>
public sealed class GzipPacked : TlObject
{
    public const uint Id = 0x3072cfa1;

    public override uint ConstructorId => Id;

    public override string TlName => "gzip_packed";

    public required ReadOnlyMemory<byte> PackedData { get; init; }

    public static GzipPacked Of(ReadOnlySpan<byte> body) => new() { PackedData = TlGzip.Deflate(body) };

    public override void Write(TlWriter writer)
    {
        writer.WriteUInt32(Id);
        writer.WriteBytes(PackedData.Span);
    }

    internal static GzipPacked ReadBody(ref TlReader reader) => new() { PackedData = reader.ReadBytes() };
}

/// <summary><c>future_salts#ae500895 req_msg_id:long now:int salts:vector&lt;future_salt&gt; = FutureSalts;</c>: the salts are bare.</summary>
public sealed class FutureSalts : TlObject
{
    public const uint Id = 0xae500895;

    public override uint ConstructorId => Id;

    public override string TlName => "future_salts";

    public required long ReqMsgId { get; init; }

    /// <summary>The server's time, unix seconds.</summary>
    public required int Now { get; init; }

    public required IReadOnlyList<FutureSalt> Salts { get; init; }

    public override void Write(TlWriter writer)
    {
        writer.WriteUInt32(Id);
        writer.WriteInt64(ReqMsgId);
        writer.WriteInt32(Now);
        writer.WriteInt32(Salts.Count);
        foreach (var salt in Salts)
        {
            writer.WriteInt32(salt.ValidSince);
            writer.WriteInt32(salt.ValidUntil);
            writer.WriteInt64(salt.Salt);
        }
    }

    internal static FutureSalts ReadBody(ref TlReader reader)
    {
        var reqMsgId = reader.ReadInt64();
        var now = reader.ReadInt32();
        var salts = new FutureSalt[reader.ReadCount(16)];
        for (var i = 0; i < salts.Length; i++)
            salts[i] = FutureSalt.ReadBody(ref reader);
        return new() { ReqMsgId = reqMsgId, Now = now, Salts = salts };
    }
}
