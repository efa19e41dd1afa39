using Integrations.Web.Api;
using Microsoft.JSInterop;

namespace Integrations.Web.Dialogs;

// What is written here, on its way to the Api.
public sealed partial class Thread
{
    // Held while files come, too, so that what was written first goes out first; reading goes on meanwhile.
    private readonly SemaphoreSlim _sending = new(1);
    private AttachmentTray? _tray;

    // The files of bubbles that were made here, for as long as the Api may not have them.
    private readonly Dictionary<Bubble, IReadOnlyList<Attachment>> _files = [];
    private readonly Dictionary<Bubble, string> _captions = [];

    private async Task SendAsync(string text)
    {
        var files = _tray?.Take() ?? [];
        if (string.IsNullOrWhiteSpace(text) && files.Count == 0)
            return;
        if (_after is not null)
            await ToNewestAsync();
        // Until the Api has the files, their names stand for them.
        var bubble = Bubble.Typed(string.IsNullOrWhiteSpace(text) ? string.Join(", ", files.Select(file => file.Name)) : text.Trim(), Time.GetUtcNow());
        if (files.Count > 0)
            (_files[bubble], _captions[bubble]) = (files, text.Trim());
        _bubbles.Add(bubble);
        StateHasChanged();
        await Browser.InvokeVoidAsync("integrations.toBottom", Closed, _scroller);
        await DeliverAsync(bubble);
    }

    private async Task RetryAsync(Bubble bubble)
    {
        if (bubble.Status is not "failed")
            return;
        if (bubble.Id is { } id)
        {
            await TryAsync(async () => bubble.Take(await Api.RetryAsync(id, Closed)));
            // Its outcome may have come before the answer.
            await RequestRefreshAsync();
            return;
        }

        bubble.TryAgain();
        StateHasChanged();
        await DeliverAsync(bubble);
    }

    /// <summary>Waits until the files are at the Api. Null where one of them is not going to be: the bubble says why.</summary>
    private async Task<SendMedia[]?> MediaAsync(Bubble bubble)
    {
        List<UploadedFile> uploads = [];
        foreach (var file in _files.GetValueOrDefault(bubble, []))
        {
            if (await file.Uploaded is { } uploaded)
            {
                uploads.Add(uploaded);
                continue;
            }

            bubble.Failed(file.ErrorCode ?? "UNREACHABLE", file.ErrorDetail);
            return null;
        }

        return Attachment.Together(uploads);
    }

    private async Task DeliverAsync(Bubble bubble)
    {
        AcceptedMessage accepted;
        var inOrder = false;
        await _sending.WaitAsync(Closed);
        try
        {
            if (await MediaAsync(bubble) is not { } media)
                return;
            // One at a time: acceptance is the order in which they go out.
            await _order.WaitAsync(Closed);
            inOrder = true;
            var text = media.Length > 0 ? _captions.GetValueOrDefault(bubble, "") : bubble.Text;
            accepted = await Api.SendTextAsync(
                new SendText(Inbox.IsBot ? null : Inbox.Id, Inbox.IsBot ? Inbox.Id : null, _to, text, media.Length > 0 ? media : null), bubble.IdempotencyKey!, Closed);
            _files.Remove(bubble);
            _captions.Remove(bubble);
            if (_bubbles.Exists(other => other.Id == accepted.Id))
                _bubbles.Remove(bubble);
            bubble.Accepted(accepted);
        }
        catch (ApiException refused)
        {
            bubble.Failed(refused.Code, refused.Detail);
            return;
        }
        catch (Exception e) when (IsUnreachable(e))
        {
            bubble.Failed("UNREACHABLE", null);
            return;
        }
        finally
        {
            if (inOrder)
                _order.Release();
            _sending.Release();
            StateHasChanged();
        }

        if (_to.DialogId is null)
        {
            await TryAsync(async () => _to = new Recipient(DialogId: (await Api.MessageAsync(accepted.Id, Closed)).DialogId));
            if (_to.DialogId is { } made)
            {
                await Browser.InvokeVoidAsync("integrations.keepDraftAs", Closed, _form, DraftKey);
                await DialogMade.InvokeAsync(made);
            }
        }

        // Its outcome may have come before its id was known here.
        await RequestRefreshAsync();
    }
}
