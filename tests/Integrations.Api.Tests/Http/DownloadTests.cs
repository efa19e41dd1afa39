using System.Net.Http.Headers;
using Integrations.Api.Http;

namespace Integrations.Api.Tests.Http;

public sealed class DownloadTests
{
    [Theory]
    [InlineData("activity.csv", "activity.csv")]
    [InlineData("Ёлка 2.csv", "Ёлка 2.csv")]
    [InlineData("🎄.png", "🎄.png")]
    [InlineData("../../etc/passwd", "_.._etc_passwd")]
    [InlineData("C:\\Windows\\win.ini", "C__Windows_win.ini")]
    [InlineData("a\"; filename=\"evil.exe", "a__ filename=_evil.exe")]
    [InlineData("a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1")]
    [InlineData("a\0b\u0085c", "a_b_c")]
    [InlineData("photo\u202egpj.exe", "photo_gpj.exe")]
    [InlineData(".htaccess", "htaccess")]
    [InlineData("name. . .", "name")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("LPT1", "_LPT1")]
    [InlineData("a%2fb", "a_2fb")]
    [InlineData("", "download")]
    [InlineData("...", "download")]
    public void A_name_means_one_file_where_it_is_put(string name, string kept)
    {
        var header = Download.Attachment(name);

        Assert.DoesNotContain(header, char.IsControl);
        Assert.All(header, letter => Assert.True(char.IsAscii(letter)));
        Assert.True(ContentDispositionHeaderValue.TryParse(header, out var parsed), header);
        Assert.Equal("attachment", parsed.DispositionType);
        Assert.Equal(kept, parsed.FileNameStar ?? parsed.FileName?.Trim('"'));
    }

    [Fact]
    public void Half_a_letter_is_none() => Assert.Equal("attachment; filename=\"a_b\"", Download.Attachment("a\ud83db"));

    [Fact]
    public void A_long_name_keeps_its_end()
    {
        Assert.True(ContentDispositionHeaderValue.TryParse(Download.Attachment(new string('я', 500) + ".csv"), out var parsed));

        Assert.Equal(120, parsed.FileNameStar!.Length);
        Assert.EndsWith("я.csv", parsed.FileNameStar, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/csv; charset=utf-8", "text/csv; charset=utf-8")]
    [InlineData("image/png", "image/png")]
    [InlineData("video/mp4", "video/mp4")]
    [InlineData("text/html", "application/octet-stream")]
    [InlineData("text/html; charset=utf-8", "application/octet-stream")]
    [InlineData("image/svg+xml", "application/octet-stream")]
    [InlineData("application/xhtml+xml", "application/octet-stream")]
    [InlineData("text/javascript", "application/octet-stream")]
    [InlineData("text/xml", "application/octet-stream")]
    [InlineData("nonsense", "application/octet-stream")]
    [InlineData("text/csv\r\nX-Forged: 1", "application/octet-stream")]
    [InlineData("", "application/octet-stream")]
    public void What_a_browser_could_run_is_bytes_of_no_type(string type, string sent) => Assert.Equal(sent, Download.SafeType(type));
}
