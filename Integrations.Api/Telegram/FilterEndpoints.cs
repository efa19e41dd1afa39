using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Dialogs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

/// <summary>Looks at the list of dialogs that somebody comes back to.</summary>
internal static class FilterEndpoints
{
    private const int MaxNameLength = 60;
    private const int MaxTextLength = 100;

    public static RouteGroupBuilder MapFilters(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/dialog-filters", ListAsync).WithName("ListDialogFilters").RequireAuthorization(Policies.Read)
            .WithSummary("The caller's saved filters, the oldest first");
        telegram.MapPost("/dialog-filters", SaveAsync).WithName("SaveDialogFilter").RequireAuthorization(Policies.Read)
            .WithSummary("Save a filter").WithDescription("For the caller alone; at most 50.").Refuses(ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.Conflict);
        telegram.MapDelete("/dialog-filters/{id}", DeleteAsync).WithName("DeleteDialogFilter").RequireAuthorization(Policies.Read)
            .WithSummary("Delete a saved filter");
        return telegram;
    }

    private static async Task<Ok<FilterResponse[]>> ListAsync(Caller caller, ListFilters list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(FilterResponse.From).ToArray());

    private static async Task<Created<FilterResponse>> SaveAsync(Body<FilterRequest> body, Caller caller, SaveFilter save, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var (name, text) = (Texts.Named(request.Name), Texts.Named(request.Text));
        var errors = new FieldErrors();
        if (name is null || name.Length > MaxNameLength || name.Any(char.IsControl))
            errors.Add("name", $"Must have 1 to {MaxNameLength} characters, none of them a control character.");
        if (!Words.TryRead<DialogShow>(request.Show ?? "all", out var show))
            errors.Add("show", "Must be one of: all, unread, waiting, mine, unassigned.");
        if (text is not null && (text.Length > MaxTextLength || text.Any(char.IsControl)))
            errors.Add("text", $"Must have at most {MaxTextLength} characters, none of them a control character.");
        if (request is { AccountId: not null, BotId: not null })
            errors.Add("bot_id", "Must not be sent together with account_id.");
        DialogSource source = default;
        if (request.Source is not null && !Words.TryRead(request.Source, out source))
            errors.Add("source", "Must be one of: personal_telegram, telegram_bot.");
        DialogState state = default;
        if (request.State is not null && !Words.TryRead(request.State, out state))
            errors.Add("state", "Must be one of: open, closed.");
        if (request.Assignee is { } assignee && !DialogAssignees.IsOne(assignee))
            errors.Add("assignee", "Must be me, nobody or a user's number.");
        if (request.WaitingMinutes is < 1 or > 525_600)
            errors.Add("waiting_minutes", "Must be a whole number from 1 to 525600.");
        errors.ThrowIfAny();
        var look = new DialogFilter
        {
            Show = show,
            AccountId = request.AccountId,
            BotId = request.BotId,
            Text = text,
            Source = request.Source is null ? null : source,
            ProjectId = request.ProjectId,
            State = request.State is null ? null : state,
            Assignee = request.Assignee,
            WaitingMinutes = request.WaitingMinutes,
            Blocked = request.Blocked ?? false,
        };
        var filter = await save.ExecuteAsync(caller.Principal, name!, look, cancellationToken);
        return TypedResults.Created((string?)null, FilterResponse.From(filter));
    }

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteFilter delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }
}

internal sealed record FilterRequest
{
    [Required]
    [Description("1 to 60 characters; unique among the caller's filters.")]
    public string? Name { get; init; }

    [Description("all (default), unread, waiting, mine or unassigned.")]
    public string? Show { get; init; }

    [Description("Only the dialogs of one account; without it those of all.")]
    public Guid? AccountId { get; init; }

    [Description("Only the dialogs of one bot.")]
    public Guid? BotId { get; init; }

    [Description("What to search for, as the list's q.")]
    public string? Text { get; init; }

    [Description("personal_telegram or telegram_bot.")]
    public string? Source { get; init; }

    [Description("Only the dialogs of the accounts and bots of this project.")]
    public Guid? ProjectId { get; init; }

    [Description("open or closed.")]
    public string? State { get; init; }

    [Description("Who looks after them: me, nobody or a user's number.")]
    public string? Assignee { get; init; }

    [Description("Only dialogs in which somebody has waited for so long: 1 to 525600.")]
    public int? WaitingMinutes { get; init; }

    [Description("Only dialogs in which the other side takes nothing from the bot.")]
    public bool? Blocked { get; init; }
}

/// <summary>A look at the list of dialogs, kept under a name.</summary>
/// <param name="Show">all, unread, waiting, mine or unassigned.</param>
internal sealed record FilterResponse(
    Guid Id, string Name, string Show, Guid? AccountId, Guid? BotId, string? Text, string? Source, Guid? ProjectId, string? State, string? Assignee, int? WaitingMinutes, bool Blocked,
    DateTimeOffset CreatedAt)
{
    public static FilterResponse From(SavedFilter filter) =>
        new(
            filter.Id,
            filter.Name,
            Words.Of(filter.Show),
            filter.AccountId,
            filter.BotId,
            filter.Text,
            filter.Source is { } source ? Words.Of(source) : null,
            filter.ProjectId,
            filter.State is { } state ? Words.Of(state) : null,
            filter.Assignee,
            filter.WaitingMinutes,
            filter.Blocked,
            filter.CreatedAt);
}
