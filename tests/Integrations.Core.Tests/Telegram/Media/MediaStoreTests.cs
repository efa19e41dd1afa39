using System.Security.Cryptography;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Tests.Telegram.Media;

/// <summary>Contents in pieces, as they go in and come out.</summary>
public sealed class MediaStoreTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const long Limit = 4 * MediaStore.PartSize;

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    private MediaStore Store => new(database.WorkerTenants);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(MediaStore.PartSize)]
    [InlineData(MediaStore.PartSize + 1)]
    [InlineData((3 * MediaStore.PartSize) + 77)]
    public async Task A_content_comes_out_byte_for_byte_as_it_went_in(int size)
    {
        var (tenant, media, content) = (await database.AddTenantAsync(), CoreDatabase.NewId(), RandomNumberGenerator.GetBytes(size));
        await ExpectAsync(tenant, media);

        var written = await WriteAsync(tenant, media, content);

        Assert.Equal(size, written!.Size);
        Assert.Equal(SHA256.HashData(content), written.Sha256);
        Assert.Equal(content, await ReadAsync(tenant, media));
        Assert.Equal((size + MediaStore.PartSize - 1) / MediaStore.PartSize, await CoreDatabase.ScalarAsync<long>(database.Admin, $"select count(*) from media_parts where media_id = '{media}'"));
    }

    [Fact]
    public async Task A_part_of_a_content_is_read_from_any_place()
    {
        var (tenant, media, content) = (await database.AddTenantAsync(), CoreDatabase.NewId(), RandomNumberGenerator.GetBytes((2 * MediaStore.PartSize) + 1000));
        await ExpectAsync(tenant, media);
        await WriteAsync(tenant, media, content);

        await using var stream = (await Store.OpenAsync(tenant, media, _cancel))!;
        foreach (var place in new[] { MediaStore.PartSize - 3, 2 * MediaStore.PartSize, 5 })
        {
            stream.Seek(place, SeekOrigin.Begin);
            var read = new byte[10];
            await stream.ReadExactlyAsync(read, _cancel);
            Assert.Equal(content[place..(place + 10)], read);
        }
    }

    [Fact]
    public async Task A_content_that_is_not_ready_is_not_read()
    {
        var (tenant, media) = (await database.AddTenantAsync(), CoreDatabase.NewId());
        await ExpectAsync(tenant, media);

        await Store.WriteAsync(tenant, media, new MemoryStream([1, 2, 3]), Limit, null, _cancel);

        Assert.Null(await Store.OpenAsync(tenant, media, _cancel));
    }

    [Fact]
    public async Task A_content_of_another_tenant_is_not_there()
    {
        var (tenant, other, media) = (await database.AddTenantAsync(), await database.AddTenantAsync(), CoreDatabase.NewId());
        await ExpectAsync(tenant, media);
        await WriteAsync(tenant, media, [1, 2, 3]);

        Assert.Null(await Store.OpenAsync(other, media, _cancel));
    }

    [Fact]
    public async Task Of_a_content_over_the_limit_nothing_is_kept()
    {
        var (tenant, media) = (await database.AddTenantAsync(), CoreDatabase.NewId());
        await ExpectAsync(tenant, media);

        Assert.Null(await Store.WriteAsync(tenant, media, new MemoryStream(new byte[Limit + 1]), Limit, null, _cancel));

        Assert.Equal(0, await CoreDatabase.ScalarAsync<long>(database.Admin, $"select count(*) from media_parts where media_id = '{media}'"));
    }

    [Fact]
    public async Task What_an_earlier_try_left_is_written_over()
    {
        var (tenant, media, content) = (await database.AddTenantAsync(), CoreDatabase.NewId(), RandomNumberGenerator.GetBytes(100));
        await ExpectAsync(tenant, media);
        await Store.WriteAsync(tenant, media, new MemoryStream(new byte[2 * MediaStore.PartSize]), Limit, null, _cancel);

        await WriteAsync(tenant, media, content);

        Assert.Equal(content, await ReadAsync(tenant, media));
    }

    [Fact]
    public async Task A_reader_learns_that_the_content_went_away_under_his_hands()
    {
        var (tenant, media) = (await database.AddTenantAsync(), CoreDatabase.NewId());
        await ExpectAsync(tenant, media);
        await WriteAsync(tenant, media, new byte[2 * MediaStore.PartSize]);
        await using var stream = (await Store.OpenAsync(tenant, media, _cancel))!;
        await stream.ReadExactlyAsync(new byte[MediaStore.PartSize], _cancel);

        await CoreDatabase.ExecuteAsync(database.Admin, $"delete from media where id = '{media}'");

        await Assert.ThrowsAsync<EndOfStreamException>(() => stream.ReadExactlyAsync(new byte[1], _cancel).AsTask());
    }

    [Fact]
    public async Task A_file_goes_with_the_last_message_that_had_it()
    {
        var (tenant, media) = (await database.AddTenantAsync(), CoreDatabase.NewId());
        await ExpectAsync(tenant, media);
        await WriteAsync(tenant, media, [1]);
        var account = await database.AddAccountAsync(tenant);
        var dialog = await database.AddDialogAsync(tenant, account);
        var (first, second) = (await database.AddMessageAsync(tenant, account, dialog), await database.AddMessageAsync(tenant, account, dialog));
        await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set media_id = '{media}' where tenant_id = '{tenant}'");

        await DeleteAsync(first);
        Assert.NotNull(await Store.OpenAsync(tenant, media, _cancel));
        await DeleteAsync(second);

        Assert.Null(await Store.OpenAsync(tenant, media, _cancel));
        Assert.Equal(0, await CoreDatabase.ScalarAsync<long>(database.Admin, $"select count(*) from media_parts where media_id = '{media}'"));

        // By the worker, within the walls of the tenant, as an erasure does it.
        Task DeleteAsync(Guid message) => database.WorkerTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command("delete from messages where id = $1");
                command.Parameters.Add(new Npgsql.NpgsqlParameter<Guid> { TypedValue = message });
                Assert.Equal(1, await command.ExecuteNonQueryAsync(_cancel));
            },
            _cancel);
    }

    private Task ExpectAsync(TenantId tenant, Guid media) => database.ApiTenants.InTenantAsync(
        tenant,
        transaction =>
        {
            transaction.Db.Add(MediaFile.Expect(tenant, media, MediaSource.Upload, new MediaTraits(MediaKind.Document, "a.bin", null, null, null, null, null), 1));
            return Task.CompletedTask;
        },
        _cancel);

    private async Task<WrittenContent?> WriteAsync(TenantId tenant, Guid media, byte[] content)
    {
        var written = await Store.WriteAsync(tenant, media, new MemoryStream(content), Limit, null, _cancel);
        Assert.True(await database.WorkerTenants.InTenantAsync(tenant, transaction => MediaStore.ReadyAsync(transaction, media, written!, _cancel), _cancel));
        return written;
    }

    private async Task<byte[]> ReadAsync(TenantId tenant, Guid media)
    {
        await using var stream = (await Store.OpenAsync(tenant, media, _cancel))!;
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, _cancel);
        return copy.ToArray();
    }
}
