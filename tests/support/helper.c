/* tests/support/helper.c - gives what wants.c wants, while it is loaded */
int helper_gives(void);

int helper_gives(void)
{
    return 7;
}
