using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.QuickReplies;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

/// <summary>Texts that everybody of the tenant answers with.</summary>
internal static class QuickReplyEndpoints
{
    private const int MaxShortcutLength = 32;

    public static RouteGroupBuilder MapQuickReplies(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/quick-replies", ListAsync).WithName("ListQuickReplies").RequireAuthorization(Policies.Read)
            .WithSummary("The tenant's quick replies, by shortcut").WithDescription("{name} in a text stands for whoever is answered; the one who uses it fills it in.");
        telegram.MapPost("/quick-replies", WriteAsync).WithName("WriteQuickReply").RequireAuthorization(Policies.Send)
            .WithSummary("Write a quick reply").Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict);
        telegram.MapPut("/quick-replies/{id}", ChangeAsync).WithName("ChangeQuickReply").RequireAuthorization(Policies.Send)
            .WithSummary("Change a quick reply").WithDescription("Its author's right, and an administrator's.").Refuses(ErrorCodes.Conflict);
        telegram.MapDelete("/quick-replies/{id}", DeleteAsync).WithName("DeleteQuickReply").RequireAuthorization(Policies.Send)
            .WithSummary("Delete a quick reply").WithDescription("Its author's right, and an administrator's.");
        return telegram;
    }

    private static async Task<Ok<QuickReplyResponse[]>> ListAsync(Caller caller, ListQuickReplies list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(reply => QuickReplyResponse.From(reply, caller.Principal)).ToArray());

    private static async Task<Created<QuickReplyResponse>> WriteAsync(Body<QuickReplyRequest> body, Caller caller, SaveQuickReply save, CancellationToken cancellationToken)
    {
        var (shortcut, text) = Checked(body.Value);
        return TypedResults.Created((string?)null, QuickReplyResponse.From(await save.ExecuteAsync(caller.Principal, null, shortcut, text, cancellationToken), caller.Principal));
    }

    private static async Task<Ok<QuickReplyResponse>> ChangeAsync(
        Guid id, Body<QuickReplyRequest> body, Caller caller, SaveQuickReply save, CancellationToken cancellationToken)
    {
        var (shortcut, text) = Checked(body.Value);
        return TypedResults.Ok(QuickReplyResponse.From(await save.ExecuteAsync(caller.Principal, id, shortcut, text, cancellationToken), caller.Principal));
    }

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteQuickReply delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static (string Shortcut, string Text) Checked(QuickReplyRequest request)
    {
        var shortcut = request.Shortcut?.Trim().TrimStart('/') ?? "";
        var errors = new FieldErrors();
        if (shortcut.Length is 0 or > MaxShortcutLength || !shortcut.All(c => char.IsLetterOrDigit(c) || c is '-' or '_'))
            errors.Add("shortcut", $"Must have 1 to {MaxShortcutLength} letters, digits, hyphens and underscores.");
        Texts.CheckMessage("text", request.Text, errors);
        errors.ThrowIfAny();
        return (shortcut, request.Text!.Trim());
    }
}

internal sealed record QuickReplyRequest
{
    [Required]
    [Description("1 to 32 letters, digits, hyphens and underscores, with or without a slash before them; unique in the tenant in any case of letters.")]
    public string? Shortcut { get; init; }

    [Required]
    [Description("1 to 4096 UTF-16 units; {name} stands for whoever is answered.")]
    public string? Text { get; init; }
}

/// <summary>A text to answer with.</summary>
/// <param name="MayChange">Whether the caller may change and delete it.</param>
internal sealed record QuickReplyResponse(Guid Id, string Shortcut, string Text, int AuthorId, bool MayChange, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static QuickReplyResponse From(QuickReply reply, Principal principal) =>
        new(reply.Id, reply.Shortcut, reply.Text, reply.AuthorId, principal.Role >= Role.Operator && reply.MayBeChangedBy(principal), reply.CreatedAt, reply.UpdatedAt);
}
