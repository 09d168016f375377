export const IS_PLATFORM = process.env.NEXT_PUBLIC_IS_PLATFORM === 'true'
