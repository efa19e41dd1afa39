namespace Integrations.Web.Layout;

/// <summary>What an event means to a page.</summary>
internal enum Heard
{
    /// <summary>It is about something else.</summary>
    Nothing,

    /// <summary>It told everything, and the page has taken it over.</summary>
    Told,

    /// <summary>It tells too little: the page is to be read again.</summary>
    ReadAgain,
}
