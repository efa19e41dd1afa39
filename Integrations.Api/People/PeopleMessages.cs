using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Core.People;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Api.People;

/// <summary>What to change; what is left out stays.</summary>
internal sealed record ChangeUserRequest
{
    [Description("viewer, operator, admin or owner.")]
    public string? Role { get; init; }

    [Description("false shuts the person out at once: sessions, streams and keys end.")]
    public bool? IsActive { get; init; }

    [Description("At most 200 characters; an empty one removes the name.")]
    public string? DisplayName { get; init; }
}

/// <summary>A person of the tenant.</summary>
/// <param name="UserId">The number by which other objects name the user; unique in the tenant.</param>
/// <param name="SignIn">here: by address and password. token: by a token of the user service, which also says the role.</param>
/// <param name="LastSeenAt">The last sign of life by any way in, to the minute; null before the first.</param>
/// <param name="SecondFactor">Whether signing in takes a code as well; null outside the list of the tenant's people, which alone tells it.</param>
internal sealed record PersonResponse(
    Guid Id, int UserId, string? Email, string? DisplayName, string Role, bool IsActive, string SignIn, bool? SecondFactor, DateTimeOffset? LastSeenAt,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static PersonResponse From(User user, bool? secondFactor = null) => new(
        user.Id,
        user.UserId,
        user.Email,
        user.DisplayName,
        Words.Of(user.Role),
        user.IsActive,
        user.PasswordHash is null ? "token" : "here",
        secondFactor,
        user.LastSeenAt,
        user.CreatedAt,
        user.UpdatedAt);
}

internal sealed record InvitationRequest
{
    [Required]
    [Description("The address that the person will sign in with.")]
    public string? Email { get; init; }

    [Required]
    [Description("viewer, operator, admin or owner; not above your own.")]
    public string? Role { get; init; }

    [Description("The projects that the person will be a member of.")]
    public Guid[]? ProjectIds { get; init; }
}

/// <summary>An invitation that waits.</summary>
/// <param name="InvitedBy">The number of the user who answers for it.</param>
/// <param name="ExpiresAt">When its link lapses; it can be sent again even then.</param>
internal sealed record InvitationResponse(
    Guid Id, string Email, string Role, IReadOnlyList<Guid> ProjectIds, int InvitedBy, DateTimeOffset ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static InvitationResponse From(OpenInvitation open) => new(
        open.Invitation.Id,
        open.Invitation.Email,
        Words.Of(open.Invitation.Role),
        open.ProjectIds,
        open.Invitation.InvitedBy,
        open.Invitation.ExpiresAt,
        open.Invitation.CreatedAt,
        open.Invitation.UpdatedAt);
}

/// <summary>An invitation with the token of its link.</summary>
/// <param name="Token">For the console's address /invite#token=…. It cannot be read again; nobody is sent mail.</param>
internal sealed record IssuedInvitationResponse(InvitationResponse Invitation, string Token);

/// <summary>What the invited person types behind the link.</summary>
internal sealed record AcceptInvitationRequest
{
    [Required]
    [Description("The token of the link, from the part after the #.")]
    public string? Token { get; init; }

    [Description("How others see you.")]
    public string? DisplayName { get; init; }

    [Required]
    [Description("10 to 256 characters.")]
    public string? Password { get; init; }
}

internal sealed record RenameRequest
{
    [Required]
    [Description("At most 200 characters; an empty one removes the name.")]
    public string? DisplayName { get; init; }
}

internal sealed record ChangePasswordRequest
{
    [Required]
    public string? CurrentPassword { get; init; }

    [Required]
    [Description("10 to 256 characters.")]
    public string? NewPassword { get; init; }
}

/// <summary>One place where the caller is signed in.</summary>
/// <param name="UserAgent">What the browser called itself when it signed in.</param>
/// <param name="LastSeenAt">To the minute.</param>
/// <param name="Current">The session that this request came by.</param>
internal sealed record OwnSessionResponse(Guid Id, string? UserAgent, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, bool Current)
{
    public static OwnSessionResponse From(OwnSession session) =>
        new(session.Id, session.UserAgent, session.CreatedAt, session.LastSeenAt, session.ExpiresAt, session.Current);
}

/// <summary>What to change; what is left out stays, an empty text forgets the choice.</summary>
internal sealed record PreferencesRequest
{
    [Description("en, ru or uk.")]
    public string? Language { get; init; }

    [Description("auto, light or dark.")]
    public string? Theme { get; init; }

    [Description("A zone of the IANA database, for example Europe/Berlin; empty: as the browser says.")]
    public string? TimeZone { get; init; }
}

/// <summary>How the caller likes the console; null where nothing was chosen.</summary>
internal sealed record PreferencesResponse(string? Language, string? Theme, string? TimeZone)
{
    public static PreferencesResponse From(Preferences preferences) => new(preferences.Language, preferences.Theme, preferences.TimeZone);
}
