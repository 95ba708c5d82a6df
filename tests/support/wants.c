/* tests/support/wants.c - a plugin that wants a symbol of helper.c; it has no entry point */
int helper_gives(void);
int wants_asks(void);

int wants_asks(void)
{
    return helper_gives();
}
