using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

/// <summary>Finding what was said, by the words that people type.</summary>
[Collection(ApiCollection.Name)]
public sealed class SearchTests(ApiHost host)
{
    private const string Messages = "/api/v1/telegram/messages";

    [Theory]
    [InlineData("заказа", "Где мой ЗАКАЗ?", "ЗАКАЗ")]
    [InlineData("заказ", "Ещё раз о ваших заказах: оба в пути", "заказах")]
    [InlineData("елки", "Ёлку уже привезли", "Ёлку")]
    [InlineData("invoices", "The invoice is paid", "invoice")]
    [InlineData("pay invoice", "Who paid the first invoice, or pays it?", "invoice|pays")]
    [InlineData("замов", "Моє замовлення №17", "замовлення")]
    [InlineData("замовлень", "Дякую за замовлення", "замовлення")]
    [InlineData("п'ять", "П’ять штук", "П|ять")]
    [InlineData("12.50", "Итого 12.50 за всё", "12|50")]
    [InlineData("<b>заказ</b> & 'x' or 1=1 --", "<b>Заказ</b> & 'X' OR 1=1 --", "b|Заказ|b|X|1|1")]
    public async Task Messages_are_found_by_words_in_other_forms_and_by_their_beginnings(string typed, string said, string marked)
    {
        var scene = await SceneAsync();
        var hit = await scene.SayAsync(said);
        await scene.SayAsync("Совсем другое, something else");

        var found = (await scene.Client.GetAsync($"{Messages}?q={Uri.EscapeDataString(typed)}")).Expect(200);

        var item = Assert.Single(found.Body!["items"]!.AsArray())!;
        Assert.Equal((hit.ToString(), "Boris", "personal_telegram", said), (item["id"]!.ToString(), item["hit"]!["title"]!.ToString(), item["hit"]!["source"]!.ToString(), item["hit"]!["snippet"]!.ToString()));
        Assert.Equal(marked, string.Join('|', item["hit"]!["ranges"]!.AsArray().Select(range => said.Substring(range!["start"]!.GetValue<int>(), range["length"]!.GetValue<int>()))));
        Assert.Equal(scene.Dialog.ToString(), Assert.Single((await scene.Client.GetAsync($"/api/v1/telegram/dialogs?q={Uri.EscapeDataString(typed)}")).Expect(200).Body!["items"]!.AsArray())!["id"]!.ToString());
    }

    [Theory]
    [InlineData("отсутствует")]
    [InlineData("':*")]
    [InlineData("a & !b | (c")]
    [InlineData("заказ отсутствует")]
    [InlineData("'; drop table messages; --")]
    public async Task What_was_not_said_is_not_found_and_nothing_breaks(string typed)
    {
        var scene = await SceneAsync();
        await scene.SayAsync("Где мой заказ?");

        var answer = await scene.Client.GetAsync($"{Messages}?q={Uri.EscapeDataString(typed)}");

        if (typed.Count(char.IsLetter) > 3)
            Assert.Empty(answer.Expect(200).Body!["items"]!.AsArray());
        else
            Assert.Equal(["q"], answer.Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("...")]
    [InlineData("")]
    public async Task Too_little_or_too_much_is_refused_by_its_name(string typed)
    {
        using var client = host.User(1751);

        Assert.Equal(["q"], (await client.GetAsync($"{Messages}?q={typed}")).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["q"], (await client.GetAsync($"{Messages}?q={new string('x', 101)}")).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["dialog_id"], (await client.GetAsync(Messages)).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task What_others_said_is_not_found_by_colleagues_nor_by_another_tenant()
    {
        var scene = await SceneAsync();
        await scene.SayAsync("Секретный заказ");
        using var colleague = host.User(9_001, "admin");
        using var stranger = host.User(9_002, "owner", await host.AddTenantAsync());

        foreach (var other in new[] { colleague, stranger })
        {
            Assert.Empty((await other.GetAsync($"{Messages}?q=секретный")).Expect(200).Body!["items"]!.AsArray());
            Assert.Empty((await other.GetAsync("/api/v1/telegram/dialogs?q=секретный")).Expect(200).Body!["items"]!.AsArray());
        }
    }

    [Fact]
    public async Task Pages_go_on_by_time_and_by_relevance_without_leaving_out_or_repeating()
    {
        var scene = await SceneAsync();
        List<Guid> said = [];
        for (var i = 0; i < 7; i++)
            said.Add(await scene.SayAsync(i % 3 == 0 ? "заказ, заказ и ещё раз заказ" : $"заказ {i} и много других слов рядом с ним"));

        async Task<List<string>> ReadAsync(string order)
        {
            List<string> ids = [];
            string? before = null;
            do
            {
                var page = (await scene.Client.GetAsync($"{Messages}?q=заказ&limit=2&order={order}{(before is null ? "" : "&before=" + before)}")).Expect(200);
                ids.AddRange(page.Body!["items"]!.AsArray().Select(item => item!["id"]!.ToString()));
                before = page["next_before"]?.ToString();
            }
            while (before is not null);
            return ids;
        }

        Assert.Equal([.. Enumerable.Reverse(said).Select(id => id.ToString())], await ReadAsync("time"));
        var best = await ReadAsync("relevance");
        Assert.Equal(said.Select(id => id.ToString()).Order(StringComparer.Ordinal), best.Order(StringComparer.Ordinal));
        Assert.Equal([said[6].ToString(), said[3].ToString(), said[0].ToString()], best[..3]);
    }

    [Fact]
    public async Task A_found_message_is_read_with_what_stands_around_it_and_on_from_there()
    {
        var scene = await SceneAsync();
        List<Guid> said = [];
        for (var i = 0; i < 20; i++)
            said.Add(await scene.SayAsync($"line {i}"));
        string Ids(IEnumerable<Guid> ids) => string.Join(' ', ids);
        static string IdsOf(Answer page) => string.Join(' ', page.Body!["items"]!.AsArray().Select(item => item!["id"]!.ToString()));

        var around = (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&around={said[10]}&limit=6")).Expect(200);
        var newer = (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&after={around.Text("next_after")}&limit=4")).Expect(200);
        var newest = (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&after={newer.Text("next_after")}&limit=4")).Expect(200);
        var older = (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&before={around.Text("next_before")}&limit=6")).Expect(200);
        var atEnd = (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&around={said[19]}&limit=6")).Expect(200);

        Assert.Equal(Ids([said[13], said[12], said[11], said[10], said[9], said[8]]), IdsOf(around));
        Assert.Equal(Ids([said[17], said[16], said[15], said[14]]), IdsOf(newer));
        Assert.Equal(Ids([said[19], said[18]]), IdsOf(newest));
        Assert.Null(newest["next_after"]);
        Assert.Equal(Ids([said[7], said[6], said[5], said[4], said[3], said[2]]), IdsOf(older));
        Assert.Equal(Ids([said[19], said[18], said[17], said[16], said[15], said[14]]), IdsOf(atEnd));
        Assert.Null(atEnd["next_after"]);
        Assert.Equal(["around"], (await scene.Client.GetAsync($"{Messages}?dialog_id={scene.Dialog}&around={said[1]}&before={said[2]}")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_long_message_is_shown_around_the_word_and_a_word_beyond_the_snippet_is_not_marked()
    {
        var scene = await SceneAsync();
        await scene.SayAsync(string.Concat(Enumerable.Repeat("слово за словом ", 40)) + "заказ 🎁 " + string.Concat(Enumerable.Repeat("и дальше текст ", 40)) + "заказ");

        var hit = (await scene.Client.GetAsync($"{Messages}?q=заказ")).Expect(200).Body!["items"]![0]!["hit"]!;

        var (snippet, range) = (hit["snippet"]!.ToString(), Assert.Single(hit["ranges"]!.AsArray())!);
        Assert.StartsWith("…", snippet, StringComparison.Ordinal);
        Assert.EndsWith("…", snippet, StringComparison.Ordinal);
        Assert.InRange(snippet.Length, 60, 170);
        Assert.Equal("заказ", snippet.Substring(range["start"]!.GetValue<int>(), range["length"]!.GetValue<int>()));
    }

    private async Task<DialogScene> SceneAsync() => await DialogScene.BeginAsync(host);
}
