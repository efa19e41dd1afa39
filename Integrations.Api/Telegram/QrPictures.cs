using System.Diagnostics.CodeAnalysis;
using QRCoder;

namespace Integrations.Api.Telegram;

internal static class QrPictures
{
    /// <summary>Pixels for each dot: a login link makes about 45 of them, so the picture is some 360 pixels wide.</summary>
    private const int PixelsPerDot = 8;

    /// <summary>A PNG in base64; null for no link.</summary>
    [return: NotNullIfNotNull(nameof(url))]
    public static string? Base64Of(string? url)
    {
        if (url is null)
            return null;

        using var code = QRCodeGenerator.GenerateQrCode(url, QRCodeGenerator.ECCLevel.M);
        using var picture = new PngByteQRCode(code);
        return Convert.ToBase64String(picture.GetGraphic(PixelsPerDot));
    }
}
